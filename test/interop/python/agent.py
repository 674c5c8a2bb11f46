"""The official Python client on a string: does what requests on standard input say (docs/interop.md) and tells
on standard output what came of it. Uses nothing but the published library."""

import itertools
import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from rocketmq import (
    ClientConfiguration,
    ConsumeResult,
    Credentials,
    FilterExpression,
    Message,
    MessageListener,
    Producer,
    PushConsumer,
    SimpleConsumer,
    TransactionChecker,
    TransactionResolution,
)
from rocketmq.grpc_protocol import FilterType

THREADS_MAX = 128

endpoints, tls = sys.argv[1], sys.argv[2] == "on"
clients = {}
messages = {}
refs = itertools.count(1)
out_lock = threading.Lock()
RESOLUTIONS = {
    "commit": TransactionResolution.COMMIT,
    "rollback": TransactionResolution.ROLLBACK,
    "unknown": TransactionResolution.TRANSACTION_RESOLUTION_UNSPECIFIED,
}


def say(line):
    text = json.dumps(line) + "\n"
    with out_lock:
        sys.stdout.write(text)
        sys.stdout.flush()


def told(message):
    """A message as the driver sees it."""
    return {
        "id": message.message_id,
        "topic": message.topic,
        "body": message.body.decode(),
        "tag": message.tag or None,
        "keys": sorted(message.keys or []),
        "properties": dict(message.properties or {}),
        "attempt": message.delivery_attempt,
        "group": message.message_group or None,
        "at": int(time.time() * 1000),
    }


def message_of(request):
    message = Message()
    message.topic = request["topic"]
    message.body = request["body"].encode()
    if "tag" in request:
        message.tag = request["tag"]
    for key in request.get("keys", []):
        message.keys = key
    for key, value in request.get("properties", {}).items():
        message.add_property(key, value)
    if "group" in request:
        message.message_group = request["group"]
    if "deliverAt" in request:
        message.delivery_timestamp = request["deliverAt"] // 1000
    if "priority" in request:
        message.priority = request["priority"]
    return message


def configuration():
    return ClientConfiguration(endpoints, Credentials())


def filters(request):
    kind = FilterType.SQL if request.get("sql") else FilterType.TAG
    return {request["topic"]: FilterExpression(request["expression"], kind)}


def start(name, client):
    client.startup()
    clients[name] = client


class Checker(TransactionChecker):
    def __init__(self, name, answer):
        self.name = name
        self.answer = RESOLUTIONS[answer]

    def check(self, message):
        say({"event": "check", "producer": self.name, **told(message)})
        return self.answer


class Listener(MessageListener):
    def __init__(self, name):
        self.name = name
        self.lock = threading.Lock()
        self.deliveries = {}

    def consume(self, message):
        say({"event": "message", "consumer": self.name, **told(message)})
        with self.lock:
            times = self.deliveries.get(message.message_id, 0) + 1
            self.deliveries[message.message_id] = times
        properties = message.properties or {}
        time.sleep(int(properties.get("slow", 0)) / 1000)
        fails = times <= int(properties.get("fail", 0))
        return ConsumeResult.FAILURE if fails else ConsumeResult.SUCCESS


def producer(request):
    name = request["name"]
    checker = Checker(name, request["check"]) if "check" in request else None
    start(name, Producer(configuration(), tuple(request["topics"]), checker, tls_enable=tls))


def send(request):
    receipt = clients[request["producer"]].send(message_of(request))
    return {"id": receipt.message_id, "handle": receipt.recall_handle}


def transaction(request):
    client = clients[request["producer"]]
    begun = client.begin_transaction()
    receipt = client.send(message_of(request), begun)
    if request["end"] == "commit":
        begun.commit()
    if request["end"] == "rollback":
        begun.rollback()
    return {"id": receipt.message_id}


def recall(request):
    return {"id": clients[request["producer"]].recall_message(request["topic"], request["handle"])}


def simple(request):
    await_seconds = max(1, request["awaitMs"] // 1000)
    consumer = SimpleConsumer(
        configuration(), request["group"], filters(request), await_seconds, tls_enable=tls
    )
    start(request["name"], consumer)


def receive(request):
    consumer = clients[request["consumer"]]
    lines = []
    for message in consumer.receive(request["max"], request["invisibleMs"] // 1000) or []:
        ref = next(refs)
        messages[ref] = (message, consumer)
        lines.append({"ref": ref, **told(message)})
    return {"messages": lines}


def ack(request):
    message, consumer = messages[request["ref"]]
    consumer.ack(message)
    del messages[request["ref"]]


def change(request):
    message, consumer = messages[request["ref"]]
    consumer.change_invisible_duration(message, request["invisibleMs"] // 1000)


def push(request):
    name = request["name"]
    consumer = PushConsumer(
        configuration(), request["group"], Listener(name), filters(request), tls_enable=tls
    )
    start(name, consumer)


def stop(request):
    clients.pop(request["name"]).shutdown()


OPERATIONS = {
    "producer": producer,
    "send": send,
    "transaction": transaction,
    "recall": recall,
    "simple": simple,
    "receive": receive,
    "ack": ack,
    "change": change,
    "push": push,
    "stop": stop,
}


def answer(request):
    try:
        say({"n": request["n"], "ok": OPERATIONS[request["op"]](request) or {}})
    except BaseException as error:
        say({"n": request["n"], "error": repr(error)[:1000]})


def main():
    say({"event": "hello"})
    threads = ThreadPoolExecutor(THREADS_MAX)
    for line in sys.stdin:
        threads.submit(answer, json.loads(line))
    os._exit(0)


main()
