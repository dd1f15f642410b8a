"""An authentication server: passwords in, access tokens and refresh tokens out, and the keys to verify them with."""
