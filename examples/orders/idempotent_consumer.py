"""A consumer that does each thing once although messages are delivered at least once, in Python; the same in Node is
idempotent-consumer.mjs, which says more. Prepare once:

    pip install rocketmq-python-client==5.1.2
    dledger-cli topic create account-bookings-py
    python examples/orders/idempotent_consumer.py localhost:8081
"""

import json
import sys
import threading
import time

from rocketmq import (
    ClientConfiguration,
    ConsumeResult,
    Credentials,
    FilterExpression,
    Message,
    MessageListener,
    Producer,
    PushConsumer,
)

TOPIC = "account-bookings-py"
configuration = ClientConfiguration(sys.argv[1] if len(sys.argv) > 1 else "localhost:8081", Credentials())


class Accounts(MessageListener):
    """The database of this example. `done` has a unique key in a real one."""

    def __init__(self):
        self.lock = threading.Lock()
        self.done = set()
        self.cents = 0
        self.deliveries = 0

    def consume(self, message):
        booking = json.loads(message.body)
        with self.lock:  # One transaction of the database: the work and the note that it is done.
            self.deliveries += 1
            if booking["payment"] not in self.done:
                self.done.add(booking["payment"])
                self.cents += booking["cents"]
        # The first delivery fails after the work is done, as when the program dies before it acknowledges.
        return ConsumeResult.FAILURE if message.delivery_attempt == 1 else ConsumeResult.SUCCESS


accounts = Accounts()
consumer = PushConsumer(configuration, "account-service-py", accounts, {TOPIC: FilterExpression("*")})
producer = Producer(configuration, (TOPIC,))
consumer.startup()
producer.startup()

run = int(time.time())
for n in range(10):
    payment = f"payment-{run}-{n}"
    message = Message()
    message.topic = TOPIC
    message.keys = payment
    message.body = json.dumps({"payment": payment, "cents": 100}).encode()
    producer.send(message)

end = time.time() + 60
while accounts.deliveries < 20 and time.time() < end:
    time.sleep(0.05)
print(f"{accounts.deliveries} deliveries, {accounts.cents} cents")
consumer.shutdown()
producer.shutdown()
sys.exit(0 if accounts.cents == 1000 else "a booking was done twice or not at all")
