"""Runs in the lab's web worker: opens a lab, takes the page's requests, posts its messages one by one."""

import json

from linelab.apps import session
from linelab.widgets.session import Desk


class Bridge:
    """One lab's connection; the worker calls `step` until nothing is left to say."""

    def __init__(self, post, app, language):
        self._post = post
        self._desk = Desk(session(app, language))
        self._desk.take({"kind": "open"})

    def take(self, words):
        self._desk.take(json.loads(words))

    def step(self):
        """Post one message and say of which kind it was; nothing if there was none."""
        message = self._desk.step()
        if message is None:
            return ""
        data, buffers = message.packed()
        self._post(json.dumps(data), buffers)
        return message.data["kind"]
