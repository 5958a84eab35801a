"""Who may sign in at all, and who is behind a session that names nobody yet (`agencies.sessions` knows the others)."""

from allauth.account.auth_backends import AuthenticationBackend


class PersonBackend(AuthenticationBackend):
    """allauth's. Sessions name it, so its address stays."""
