"""Answers on the wire: whole ones, streams, and what HTTP/1.1 demands around them."""

import socket
from collections.abc import Iterator

import pytest

from tests.runtime.process import Service

LEVEL = "/stores/berlin/inventory/apple"
ROW = b'{"op":"reserve","storeId":"berlin","sku":"apple","qty":1}\n'


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("service")) as running:
        with connect(running) as client:
            body = b'{"onHand":1000000}'
            client.sendall(request("PUT", LEVEL, body))
            assert b" 201 " in read_answer(client)[0]
        yield running


def connect(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=60)


def request(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    head = [f"{method} {path} HTTP/1.1", "Host: test", *headers]
    if body:
        head += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + body


def more(client: socket.socket, most: int) -> bytes:
    received = client.recv(most)
    assert received, "the connection ended before the answer did"
    return received


def read_answer(client: socket.socket, *, body: bool = True) -> tuple[bytes, bytes]:
    """Read one answer that tells its length; return head and body."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += more(client, 1)
    head = received.partition(b"\r\n\r\n")[0].lower()
    rest = b""
    if body and b"content-length: " in head:
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(rest) < length:
            rest += more(client, length - len(rest))
    return head, rest


def sent_before_it_stalls(client: socket.socket, chunk: bytes, most: int) -> int:
    """Send until the server takes no more for two seconds; return how many chunks it took."""
    client.settimeout(2)
    for sent in range(most):
        try:
            client.sendall(chunk)
        except TimeoutError:
            return sent
    return most


def is_closed(client: socket.socket) -> bool:
    return client.recv(1) == b""


def test_a_connection_serves_one_request_after_another(service: Service) -> None:
    with connect(service) as client:
        for _ in range(3):
            client.sendall(request("GET", "/health"))
            head, body = read_answer(client)
            assert head.startswith(b"http/1.1 200 ok\r\n")
            assert b"\r\ndate: " in head
            assert body == b'{"status":"ok"}'


def test_pipelined_requests_are_answered_in_order(service: Service) -> None:
    with connect(service) as client:
        names = [f"X-Request-Id: r{number}" for number in range(5)]
        client.sendall(b"".join(request("GET", "/health", b"", name) for name in names))
        for name in names:
            assert name.lower().encode() in read_answer(client)[0]


def test_a_client_that_asks_for_it_is_let_go(service: Service) -> None:
    with connect(service) as client:
        client.sendall(request("GET", "/health", b"", "Connection: close"))
        head, _ = read_answer(client)
        assert b"connection: close" in head
        assert is_closed(client)


def test_an_old_client_is_let_go(service: Service) -> None:
    with connect(service) as client:
        client.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        assert read_answer(client)[1] == b'{"status":"ok"}'
        assert is_closed(client)


@pytest.mark.parametrize(
    ("method", "header", "status"), [("HEAD", "X: y", b"200"), ("GET", "If-None-Match: *", b"304")]
)
def test_an_answer_without_a_body_does_not_hold_up_the_next(
    service: Service, method: str, header: str, status: bytes
) -> None:
    with connect(service) as client:
        client.sendall(request(method, LEVEL, b"", header) + request("GET", "/health"))
        head, _ = read_answer(client, body=False)
        assert head.split()[1] == status
        head, body = read_answer(client)
        assert head.startswith(b"http/1.1 200 ok\r\n")
        assert body == b'{"status":"ok"}'


def test_a_client_may_wait_for_a_sign_before_it_sends_its_body(service: Service) -> None:
    body = b'{"qty":1}'
    whole = request("POST", f"{LEVEL}/reserve", body, "Expect: 100-continue")
    with connect(service) as client:
        client.sendall(whole[: -len(body)])
        assert read_answer(client)[0] == b"http/1.1 100 continue"
        client.sendall(body)
        assert read_answer(client)[0].startswith(b"http/1.1 200 ok")


def test_a_client_that_is_told_no_does_not_send_its_body(service: Service) -> None:
    with connect(service) as client:
        client.sendall(
            b"POST /reservations HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n"
        )
        assert read_answer(client)[0].startswith(b"http/1.1 413 ")


def test_an_answer_that_a_slow_reader_leaves_lying_comes_whole(service: Service) -> None:
    with connect(service) as client:
        client.sendall(request("GET", "/openapi.json") * 60)
        bodies = {read_answer(client)[1] for _ in range(60)}
    assert len(bodies) == 1


def test_a_stream_is_answered_while_it_is_sent(service: Service) -> None:
    head = (
        b"POST /inventory/batch HTTP/1.1\r\nHost: test\r\nContent-Type: application/x-ndjson\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"%x\r\n%b\r\n" % (len(ROW), ROW)
    with connect(service) as client:
        client.sendall(head)
        for line in range(1, 4):
            client.sendall(chunk)
            received = b""
            while b'"line":%d,' % line not in received or not received.endswith(b"\n"):
                received += client.recv(65_536)
        client.sendall(b"0\r\n\r\n")
        assert client.recv(100).endswith(b"0\r\n\r\n")


def test_a_stream_whose_answers_nobody_reads_is_not_read_either(service: Service) -> None:
    head = (
        b"POST /inventory/batch HTTP/1.1\r\nHost: test\r\nContent-Type: application/x-ndjson\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    rows = ROW * 500
    chunk = b"%x\r\n%b\r\n" % (len(rows), rows)
    with connect(service) as client:
        client.sendall(head)
        client.settimeout(2)
        assert sent_before_it_stalls(client, chunk, 10_000) < 10_000


def test_a_broken_request_is_refused_and_the_service_goes_on(service: Service) -> None:
    with connect(service) as client:
        client.sendall(b"NOT HTTP AT ALL\r\n\r\n")
        assert read_answer(client)[0].startswith(b"http/1.1 400 ")
    with connect(service) as client:
        client.sendall(request("GET", "/health"))
        assert read_answer(client)[1] == b'{"status":"ok"}'
