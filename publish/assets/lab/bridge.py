"""Runs in the lab's web worker: opens a lab and carries its widget messages to the page and back.

The page hands over `post(kind, words, buffers)` and calls `receive`. Messages are those of the Jupyter widget
protocol, so that any ipywidgets code works unchanged.
"""

import json
import os
import sys
import traceback

os.environ["JUPYTER_WIDGETS_ECHO"] = "0"  # the page is the only view: it need not hear its own changes


class Bridge:
    """One lab's connection: stands where a kernel's comm manager would."""

    def __init__(self, post):
        import comm
        from comm.base_comm import BaseComm, CommManager

        class PageComm(BaseComm):
            def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
                message = {"type": msg_type, "comm_id": self.comm_id, "data": data, "metadata": metadata}
                post("comm", json.dumps(message, default=str), [bytes(b) for b in buffers or ()])

        self.post = post
        self.comms = CommManager()
        comm.create_comm = PageComm
        comm.get_comm_manager = lambda: self.comms

    def open(self, app, language):
        """Open a lab; returns the id of the widget that the page is to show."""
        from linelab.apps import open_lab

        self.widget = open_lab(app, lang=language)  # kept, or Python would collect and close it
        return self.widget.model_id

    def receive(self, words, buffers):
        """Take a message from the page. What goes wrong in a lab is told to the reader, the lab lives on."""
        message = json.loads(words)
        take = {"comm_msg": self.comms.comm_msg, "comm_close": self.comms.comm_close}[message["type"]]
        content = {"comm_id": message["comm_id"], "data": message["data"]}
        try:
            take(None, None, {"content": content, "buffers": [b.to_memoryview() for b in buffers]})
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            self.post("fault", f"{type(error).__name__}: {error}", [])
