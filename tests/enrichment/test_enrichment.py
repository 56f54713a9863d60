"""Looking up links: what each site says, within bounds, slowly, and never inside the owner's network."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ipse import plugins
from ipse.enrichment import ImageDescription, LinkContent, NotFound, Site, TweetContent, Visits, Web
from ipse.enrichment.sites import AnyPage, Vimeo, XPosts, YouTube, post_id, site_for
from ipse.errors import EnrichmentError

NOW = datetime(2024, 5, 1, tzinfo=UTC)
Asked = list[tuple[str, float, str]]


@pytest.fixture
def web() -> Iterator[Web]:
    one = Web(private=True, seconds=5)
    yield one
    one.close()


def test_a_page_is_taken_at_its_word(server: str, web: Web) -> None:
    found = AnyPage().look_up(f"{server}/moved", web, NOW)
    assert found == LinkContent(
        url=f"{server}/moved",
        title="A title of its own",
        description="What it is about",
        site="Lakes Weekly",
        images=(ImageDescription(url=f"{server}/cover.png", alt="A lake at dusk", width=800),),
        at=NOW,
    )


def test_without_open_graph_the_title_has_to_do_in_whatever_charset(server: str, web: Web) -> None:
    found = AnyPage().look_up(f"{server}/latin", web, NOW)
    assert isinstance(found, LinkContent)
    assert (found.title, found.site, found.images) == ("Café", "127.0.0.1", ())


def test_of_a_huge_page_only_the_head_is_read(server: str, web: Web) -> None:
    page = web.get(f"{server}/huge")
    assert len(page.text) == 1 << 20
    assert page.text.startswith("<title>Huge")


@pytest.mark.parametrize(
    ("path", "reason", "again"),
    [
        ("/absent", "it answers 404", False),
        ("/busy", "it answers 429", True),
        ("/pdf", "no page (application/pdf)", False),
    ],
)
def test_where_there_is_nothing_the_reason_is_kept(
    server: str,
    web: Web,
    path: str,
    reason: str,
    again: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    found = AnyPage().look_up(server + path, web, NOW)
    assert found == NotFound(url=server + path, reason=reason, again=again, at=NOW)


def test_an_image_is_its_own_description(server: str, web: Web) -> None:
    found = AnyPage().look_up(f"{server}/image", web, NOW)
    assert isinstance(found, LinkContent)
    assert found.images == (ImageDescription(url=f"{server}/image"),)


def test_a_post_is_read_with_its_links_and_images(server: str, web: Web) -> None:
    found = XPosts(f"{server}/oembed").look_up("https://x.com/ilka/status/42?s=20", web, NOW)
    assert isinstance(found, TweetContent)
    assert (found.id, found.author, found.created_at) == ("42", "ilka", datetime(2024, 3, 3, tzinfo=UTC))
    assert found.text.startswith("Up at the lake again, see")
    assert found.links == ("https://t.co/abc",)
    assert found.images == (ImageDescription(url="https://t.co/pic"),)
    gone = XPosts(f"{server}/oembed").look_up("https://x.com/ilka/status/404", web, NOW)
    assert isinstance(gone, NotFound)
    odd = XPosts(f"{server}/nonsense").look_up("https://x.com/ilka/status/42", web, NOW)
    assert odd == NotFound(
        url="https://x.com/ilka/status/42", reason="an answer that is not understood", at=NOW
    )


def test_a_film_is_named_by_its_site(server: str, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(YouTube, "endpoint", f"{server}/oembed")
    found = YouTube().look_up("https://youtu.be/xyz", web, NOW)
    assert isinstance(found, LinkContent)
    assert (found.title, found.description, found.site) == ("A film", "Jun", "Tube")
    monkeypatch.setattr(YouTube, "endpoint", f"{server}/nonsense")
    assert isinstance(YouTube().look_up("https://youtu.be/xyz", web, NOW), NotFound)
    monkeypatch.setattr(YouTube, "endpoint", f"{server}/absent")
    assert isinstance(YouTube().look_up("https://youtu.be/xyz", web, NOW), NotFound)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://twitter.com/a/status/1", "x"),
        ("https://x.com/i/web/status/1", "x"),
        ("https://x.com/a", "page"),
        ("https://www.youtube.com/watch?v=1", "youtube"),
        ("https://vimeo.com/1", "vimeo"),
        ("https://notvimeo.com/1", "page"),
        ("ftp://example.org/a", None),
    ],
)
def test_the_most_particular_adapter_takes_a_link(url: str, name: str | None) -> None:
    site = site_for(url, plugins.sites())
    assert (site.name if site else None) == name
    assert {type(one) for one in plugins.sites()} == {AnyPage, Vimeo, XPosts, YouTube}
    assert (post_id(url) is not None) == (name == "x")


@pytest.mark.parametrize("path", ["/loop", "/file"])
def test_a_redirect_that_leads_nowhere_is_left(server: str, web: Web, path: str) -> None:
    with pytest.raises(EnrichmentError):
        web.get(server + path)


@pytest.mark.parametrize("url", ["http://", "http://a b/", "http://[::1/", "file:///etc/passwd"])
def test_what_is_no_address_is_said(web: Web, url: str) -> None:
    with pytest.raises((EnrichmentError, ValueError)):
        web.get(url)


def test_the_own_network_is_never_asked(server: str, asked: Asked) -> None:
    web = Web(seconds=5)
    for url in (server, "http://127.0.0.1:1/", "http://localhost/", "http://10.0.0.1/", "http://[::1]/"):
        with pytest.raises(EnrichmentError, match="private network"):
            web.get(url)
    web.close()
    assert asked == []


def test_no_cookie_is_kept(server: str, web: Web, asked: Asked) -> None:
    web.get(f"{server}/page")
    web.get(f"{server}/page")
    assert [cookie for _, _, cookie in asked] == ["", ""]


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, [0.0]

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


class Here:
    """Every host is the server: what is looked up keeps its name."""

    name, general = "here", True

    def __init__(self, server: str) -> None:
        self.server, self.order = server, list[str]()

    def takes(self, url: str) -> bool:
        return "nobody" not in url

    def look_up(self, url: str, web: Web, now: datetime) -> LinkContent | NotFound | TweetContent:
        self.order.append(url)
        if "refuses" in url:
            raise EnrichmentError("no answer", again=True)
        return AnyPage().look_up(f"{self.server}/page", web, now)


def test_each_host_is_asked_in_its_turn_and_not_too_often(server: str, web: Web) -> None:
    clock, here = Clock(), Here(server)
    known: list[Site] = [here]
    visits = Visits(web, seconds=2, known=known, sleep=clock.sleep, clock=clock)
    urls = ["http://a/1", "http://a/2", "http://a/3", "http://b/1", "http://a/1"]
    assert len(list(visits.look_up(urls))) == 4
    assert here.order == ["http://a/1", "http://b/1", "http://a/2", "http://a/3"]
    assert clock.now == 4.0


def test_a_host_that_does_not_answer_is_left_alone(server: str, web: Web) -> None:
    clock, here = Clock(), Here(server)
    visits = Visits(web, seconds=1, known=[here], sleep=clock.sleep, clock=clock)
    found = list(visits.look_up([f"http://refuses/{n}" for n in range(6)]))
    assert len(here.order) == 3
    assert [one.reason for one in found if isinstance(one, NotFound)] == ["no answer"] * 3 + [
        "its site did not answer before"
    ] * 3
    (nobody,) = visits.look_up(["mailto:nobody"])
    assert isinstance(nobody, NotFound)
    assert nobody.reason == "no address of the web"


def test_a_port_nobody_listens_on_is_no_answer(web: Web) -> None:
    with pytest.raises(EnrichmentError, match="no answer") as caught:
        web.get("http://127.0.0.1:9/")
    assert caught.value.again
    with pytest.raises(EnrichmentError):
        web.get("http://name.invalid/")
