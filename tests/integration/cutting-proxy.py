# SPDX-License-Identifier: BSD-2-Clause
# cutting-proxy.py PORT TARGET LIMIT-FILE: passes connections on 127.0.0.1:PORT on to TARGET, and cuts
# each once as many bytes went through, both ways together, as stand in the
# file at that time; 0 never cuts.
import select
import socket
import sys
import threading


def read_limit(name):
    with open(name) as file:
        return int(file.read() or 0)


def relay(client, target, limits):
    server = socket.create_connection(("127.0.0.1", target))
    passed = 0
    try:
        while True:
            for source in select.select([client, server], [], [])[0]:
                limit = read_limit(limits)
                data = source.recv(max(limit - passed, 1) if limit else 65536)
                if not data:
                    return
                (server if source is client else client).sendall(data)
                passed += len(data)
                if limit and passed >= limit:
                    return
    except OSError:
        pass
    finally:
        client.close()
        server.close()


def main():
    port, target, limits = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    listener = socket.create_server(("127.0.0.1", port))
    print("ready", flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=relay, args=(client, target, limits), daemon=True).start()


main()
