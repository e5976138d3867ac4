"""The data that attacks and examples are rendered with."""

CONTEXT = {
    "s": "Hello World",
    "i": 7,
    "l": [1, 2, 3],
    "m": {"a": 1, "b": "x"},
    "data": {"field": "0", "a": {"b": "c"}, "items": [{"name": "Tea", "price": 10}]},
}
