import pytest

from lensbus_gateway.ranges import Version, Wanted, wanted

FILE = Version.of("abc", 1000, 1_764_000_000_999_999)
DATE = "Mon, 24 Nov 2025 16:00:00 GMT"
EARLIER = "Mon, 24 Nov 2025 15:59:59 GMT"
WHOLE = Wanted(200, 0, 1000)
UNCHANGED = Wanted(304)
NOTHING = Wanted(416)


def test_a_version_is_told_as_headers_have_it() -> None:
    assert FILE.tag == '"abc"'
    assert FILE.last_modified == DATE


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("bytes=0-", Wanted(206, 0, 1000)),
        ("bytes=0-0", Wanted(206, 0, 1)),
        ("bytes=10-19", Wanted(206, 10, 20)),
        ("Bytes= 10-19 ", Wanted(206, 10, 20)),
        ("bytes=999-", Wanted(206, 999, 1000)),
        ("bytes=990-5000", Wanted(206, 990, 1000)),
        ("bytes=-10", Wanted(206, 990, 1000)),
        ("bytes=-5000", Wanted(206, 0, 1000)),
        ("bytes=1000-", NOTHING),
        ("bytes=5000-6000", NOTHING),
        ("bytes=-0", NOTHING),
        ("bytes=20-10", WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=0-9,20-29", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=+1-2", WHOLE),
        ("bytes=" + "9" * 20 + "-", WHOLE),
        ("lines=0-9", WHOLE),
        ("", WHOLE),
    ],
)
def test_a_range_is_read_as_the_rfc_has_it(asked: str, answer: Wanted) -> None:
    assert wanted(FILE, {"range": asked}) == answer


def test_an_empty_file_has_no_part() -> None:
    empty = Version.of("abc", 0, 0)
    assert wanted(empty, {}) == Wanted(200, 0, 0)
    assert wanted(empty, {"range": "bytes=0-"}) == NOTHING
    assert wanted(empty, {"range": "bytes=-5"}) == NOTHING


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({"if-none-match": '"abc"'}, UNCHANGED),
        ({"if-none-match": 'W/"abc"'}, UNCHANGED),
        ({"if-none-match": '"x", "abc"'}, UNCHANGED),
        ({"if-none-match": "*"}, UNCHANGED),
        ({"if-none-match": '"x"'}, WHOLE),
        ({"if-none-match": '"x"', "if-modified-since": DATE}, WHOLE),
        ({"if-none-match": '"abc"', "if-modified-since": EARLIER}, UNCHANGED),
        ({"if-modified-since": DATE}, UNCHANGED),
        ({"if-modified-since": EARLIER}, WHOLE),
        ({"if-modified-since": "yesterday"}, WHOLE),
        ({"if-none-match": '"abc"', "range": "bytes=0-9"}, UNCHANGED),
    ],
)
def test_what_a_client_has_already_is_not_sent_again(
    headers: dict[str, str], answer: Wanted
) -> None:
    assert wanted(FILE, headers) == answer


@pytest.mark.parametrize(
    ("condition", "is_part"),
    [
        ('"abc"', True),
        ('"x"', False),
        ('W/"abc"', False),
        (DATE, True),
        (EARLIER, False),
        ("Mon, 24 Nov 2025 16:00:01 GMT", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_a_part_is_given_only_of_the_content_that_the_client_has_a_part_of(
    condition: str, is_part: bool
) -> None:
    answer = wanted(FILE, {"range": "bytes=10-19", "if-range": condition})
    assert answer == (Wanted(206, 10, 20) if is_part else WHOLE)
