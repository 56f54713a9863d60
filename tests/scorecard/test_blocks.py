from ipse.scorecard.blocks import blocks, in_order, key, words

from .people import write


def test_blocks_hold_equal_numbers_of_words_and_the_rest_joins_the_last() -> None:
    texts = [f"a{n} b{n} c{n}" for n in range(25)]  # 75 words
    found = blocks(texts, 20)
    assert [len(block.text.split()) for block in found] == [20, 20, 35]
    assert " ".join(" ".join(block.text.split()) for block in found) == " ".join(texts)


def test_a_block_knows_the_text_its_middle_is_from() -> None:
    assert [block.middle for block in blocks(["one two three", "four", "five six seven eight"], 4)] == [0, 2]


def test_too_few_words_make_no_block_and_empty_texts_none_at_all() -> None:
    assert blocks(["a b c"], 4) == []
    assert blocks(["", " "], 1) == []


def test_texts_of_a_block_stand_on_lines_of_their_own() -> None:
    assert blocks(["hi  there", "you"], 3)[0].text == "hi  there\nyou"


def test_scripts_without_spaces_count_their_characters() -> None:
    assert words("明天见 ok?") == ["明", "天", "见", "ok?"]
    assert len(blocks(["我们明天在车站见面吧"], 5)) == 2


def test_keys_forget_case_spacing_and_marks_but_not_what_is_only_marks() -> None:
    assert key("OK!!") == key(" ok ") == "ok"
    assert key("Ｏｋ") == "ok"
    assert key("👍") == "👍"
    assert key("?") != key("!")


def test_order_is_by_platform_then_time() -> None:
    examples = write("me", 1, conversations=3)
    assert in_order(reversed(examples)) == examples
