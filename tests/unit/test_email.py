"""Which text is an e-mail address, and its one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.model.email import canonical_email

ADDRESSES = st.builds("{}@{}.{}".format, st.text(max_size=12), st.text(max_size=12), st.text(max_size=4))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("user@example.com", "user@example.com"),
        (" User@Example.COM\n", "user@example.com"),
        ("user+tag@example.co.uk", "user+tag@example.co.uk"),
        ("first.o'neil_x@sub-domain.example.museum", "first.o'neil_x@sub-domain.example.museum"),
        ("user@bücher.example", "user@bücher.example"),
        ("USER@BU\u0308CHER.example", "user@bücher.example"),
        ("user@xn--bcher-kva.example", "user@xn--bcher-kva.example"),
        ("用户@例子.公司", "用户@例子.公司"),
        ("1@2.com", "1@2.com"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_addresses_have_one_form(text: str, address: str) -> None:
    assert canonical_email(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "user",
        "@example.com",
        "user@",
        "user@example",
        "user@example.1",
        "user@example.c",
        "user@@example.com",
        "user@example..com",
        "user@.example.com",
        "user@example.com.",
        "user@-example.com",
        "user@example-.com",
        "user@exam_ple.com",
        ".user@example.com",
        "us..er@example.com",
        "us er@example.com",
        "user\n@example.com",
        "user@example.com\r\nBcc: other@example.com",
        '"user"@example.com',
        "user@[127.0.0.1]",
        "user(comment)@example.com",
        "User <user@example.com>",
        "user@example.com,other@example.com",
        "user\u200b@example.com",
        "\u202euser@example.com",
        "user\u0000@example.com",
        "user＠example.com",
        "user@exa。mple.com",
        "us😀er@example.com",
        "a" * 65 + "@example.com",
        "user@" + "a" * 64 + ".com",
        "user@" + ".".join(["a" * 49] * 5) + ".com",
        "ü" * 33 + "@example.com",
        "user@example.com" + " " * 400,
    ],
)
def test_other_texts_are_no_address(text: str) -> None:
    assert canonical_email(text) is None


@given(st.text() | ADDRESSES | st.emails())
def test_the_form_of_a_form_is_itself(text: str) -> None:
    address = canonical_email(text)
    if address is not None:
        assert canonical_email(address) == address
        assert len(address.encode()) <= 254


def test_hostile_texts_take_no_time() -> None:
    for text in ("a" * 160 + "@" + "b" * 159, "a." * 150 + "@", "a@" + "b-" * 150, "a@" + "b." * 150):
        assert canonical_email(text) is None
