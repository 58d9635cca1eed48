"""The picture relay: libzmq's own proxy in a thread, so that no picture passes through Python."""

import threading

import zmq

from lensbus_proto.runtime.settings import Settings
from lensbus_proto.runtime.sockets import serve


def start_relay(context: "zmq.Context[zmq.Socket[bytes]]", settings: Settings) -> threading.Thread:
    """Relay pictures down and subscriptions up until the context is terminated.

    Subscriptions reach the workers, so that they encode only what somebody looks at.
    """
    workers = serve(context, zmq.XSUB, settings.endpoint("worker_pictures"), "pictures")
    try:
        viewers = serve(context, zmq.XPUB, settings.endpoint("pictures"), "pictures")
    except BaseException:
        workers.close()
        raise
    # The sockets move into the thread here and are not touched by the caller again.
    thread = threading.Thread(target=_relay, args=(workers, viewers), name="pictures")
    thread.start()
    return thread


def _relay(workers: "zmq.Socket[bytes]", viewers: "zmq.Socket[bytes]") -> None:
    try:
        zmq.proxy(workers, viewers)
    except zmq.ContextTerminated:
        pass
    finally:
        workers.close()
        viewers.close()
