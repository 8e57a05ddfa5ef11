"""The settings of the service in Django. The guard follows the issuer ``ORDERS_ISSUER``."""

import os

from keyturn.guard.django import remote_guard

KEYTURN_GUARD = remote_guard(issuer=os.environ["ORDERS_ISSUER"], audience="orders")
MIDDLEWARE = ["keyturn.guard.django.GuardMiddleware", "django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "orders.django_api"
ALLOWED_HOSTS = ["127.0.0.1"]
