"""Signing in: by a one-time code to the work e-mail, for those who were invited and nobody else."""

from allauth.account.adapter import DefaultAccountAdapter


class InvitedOnlyAdapter(DefaultAccountAdapter):
    """Nobody signs up: a project lead invites (`manage.py invite`)."""

    def is_open_for_signup(self, request):
        return False
