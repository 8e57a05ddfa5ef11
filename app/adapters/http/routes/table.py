"""All routes that are always there, in the order of the OpenAPI document."""

from typing import Final

from .accounts import ACCOUNT_ROUTES
from .clients import CLIENT_ROUTES
from .documents import DOCUMENT_ROUTES
from .oauth import OAUTH_ROUTES
from .users import USER_ROUTES

ROUTES: Final = (*ACCOUNT_ROUTES, *USER_ROUTES, *CLIENT_ROUTES, *OAUTH_ROUTES, *DOCUMENT_ROUTES)
