"""What people write first: a Celery task with its defaults that posts a mailing, and one `.delay` for each.

It keeps no promise: a worker killed in the middle loses a mailing or sends it twice, and nobody counts the
calls at once but the pool. STUB_URL: where to post.
"""

import os

import requests
from celery import Celery

app = Celery("bench", broker=os.environ["REDIS_URL"])


@app.task
def send(number: int) -> None:
    """Post one mailing as `mailings.smsc` does, and read the answer."""
    asked = {"add": 1, "name": f"Push {number}", "phones": f"+7999{number:07}", "mes": "Hello", "fmt": 3}
    requests.post(os.environ["STUB_URL"], data=asked, timeout=60).json()
