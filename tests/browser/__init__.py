"""One Mailroom and one Chromium, alive while the tests of this folder run."""
