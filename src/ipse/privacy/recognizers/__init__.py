"""What finds identifiers in a text, one file a family, each named by an entry point in ``ipse.recognizers``.

Every search is behind a test that costs next to nothing, since most messages hold none of these. All patterns
are bounded, so that no text makes them slow. Nothing here knows who is known, or what becomes of a span.
"""

__all__: list[str] = []
