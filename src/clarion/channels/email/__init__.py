"""Mail: `message` builds it, `plain` makes its text, `smtp` hands it over."""
