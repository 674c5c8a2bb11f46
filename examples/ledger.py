"""A ledger from Python: makes one, appends once under a key, and follows it.

pip install grpcio grpcio-tools, then from the project's folder, with the development cluster (npm start) running:
PYTHONPATH=proto python3 examples/ledger.py localhost:8081
"""

import sys
import uuid

import grpc

pb, ledgers = grpc.protos_and_services("dledger/v1/ledger.proto")


def details(error):
    """Code and outcome (none: nothing happened; unknown: it may have happened) of a call that failed."""
    trailers = dict(error.trailing_metadata() or ())
    return trailers.get("dledger-code", error.code().name), trailers.get("dledger-outcome", "unknown")


channel = grpc.insecure_channel(sys.argv[1] if len(sys.argv) > 1 else "localhost:8081")
ledger = ledgers.LedgerStub(channel)
ledger.CreateLedger(pb.CreateLedgerRequest(name="example-py"))

# A repeat of the call with the same key stores nothing and gets the same answer, also from another leader.
request = pb.AppendRequest(ledger="example-py", entries=[b"one", b"two"], idempotency_key=str(uuid.uuid4()))
for _ in range(2):
    done = ledger.Append(request, timeout=10)
    print(f"entries {done.first_index} to {done.last_index}, repeated: {done.repeated}")

# Compare and append: only if nobody else has appended since.
try:
    ledger.Append(pb.AppendRequest(ledger="example-py", entries=[b"three"], expected_last_index=0), timeout=10)
except grpc.RpcError as error:
    print("refused:", *details(error))

# Follows the tail; the call is cancelled after the entry that was the newest.
reading = ledger.Read(pb.ReadRequest(ledger="example-py", follow=True))
for response in reading:
    for entry in response.entries:
        print(entry.index, entry.body.decode())
    if response.entries[-1].index == done.last_index:
        reading.cancel()
        break
