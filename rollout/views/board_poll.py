"""The open board's question, asked by each every few seconds, answered by one query while nothing has changed.

A middleware, since what a page needs costs several times what this answer does. Whether the session may ask is decided
where it always is: the first time the request goes on to the view. Its answer is remembered in the process, with all
that it was decided by: what the session holds, the person and the roles, as the database has them. As long as each of
these is the same the answer is; if any is not, or the session is over, the request goes on to the view again.
"""

import re
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpResponse

from agencies import sessions
from agencies.access import Request
from rollout.domain.recording import VERSION
from rollout.views.board_pieces import shown_version

_POLL = re.compile(r"/r/([-\w]+)/board/changes/")
_REMEMBERED = 10_000  # sessions


class UnchangedBoard:
    """204 for an open board that shows the plan's last event. Everything else is the view's (`board_live.changes`)."""

    def __init__(self, get_response: Callable[[Request], HttpResponse]):
        self.get_response = get_response
        self.let_in: dict[str, tuple] = {}

    def __call__(self, request: Request) -> HttpResponse:
        polled = _POLL.fullmatch(request.path_info) if request.method == "GET" else None
        if polled is None:
            return self.get_response(request)
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        if self._may_be_told(request, key, slug=polled[1]):
            return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"Cache-Control": "no-store"})
        response = self.get_response(request)
        row = sessions.decided_by(request)
        if response.status_code == HTTPStatus.NO_CONTENT and row is not None:
            if len(self.let_in) >= _REMEMBERED:
                self.let_in.clear()
            self.let_in[key] = row
        return response

    def _may_be_told(self, request: Request, key: str, *, slug: str) -> bool:
        """Whether this session is the one let in before, and the board that asks shows the plan's last event."""
        known = shown_version(request)
        if key not in self.let_in or known is None:
            return False
        found = sessions.read(key, also=f"({VERSION})", params=[slug])
        if found is None:
            return False
        version, row = found
        return row == self.let_in[key] and version is not None and version <= known
