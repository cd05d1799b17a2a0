"""The second step of signing in: a code from an app on one's phone, after the password."""
