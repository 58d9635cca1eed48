from lensbus_proto.messages import Reply
from lensbus_services.answers import REMEMBERED, REMEMBERED_BYTES, Answers


def test_a_new_key_runs_and_a_repeated_one_gets_the_same_answer() -> None:
    answers = Answers()
    assert answers.begin("shot", b"t1", "1") is True
    assert answers.finish("shot", Reply("1", {"method": "af"})) == []
    assert answers.begin("shot", b"t2", "2") == Reply("2", {"method": "af"})


def test_who_asks_while_it_runs_waits_for_the_same_answer() -> None:
    answers = Answers()
    answers.begin("shot", b"t1", "1")
    assert answers.begin("shot", b"t2", "2") is False
    assert answers.finish("shot", Reply("1", {"n": 1})) == [(b"t2", Reply("2", {"n": 1}))]


def test_old_answers_are_forgotten() -> None:
    answers = Answers()
    for number in range(REMEMBERED + 1):
        answers.begin(str(number), b"t", "1")
        answers.finish(str(number), Reply("1", {}))
    assert answers.begin("0", b"t", "1") is True
    assert isinstance(answers.begin("1", b"t", "1"), Reply)


def test_pictures_are_remembered_within_a_limit_and_the_newest_always() -> None:
    answers = Answers()
    for key in ("first", "second", "third"):
        answers.begin(key, b"t", "1")
        answers.finish(key, Reply("1", {}, parts=(bytes(REMEMBERED_BYTES // 2),)))
    assert answers.begin("first", b"t", "1") is True
    assert isinstance(answers.begin("second", b"t", "1"), Reply)
    answers.begin("huge", b"t", "1")
    answers.finish("huge", Reply("1", {}, parts=(bytes(REMEMBERED_BYTES + 1),)))
    assert isinstance(answers.begin("third", b"t", "1"), bool)
    assert isinstance(answers.begin("huge", b"t", "1"), Reply)
