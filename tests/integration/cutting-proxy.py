# SPDX-License-Identifier: BSD-2-Clause
# cutting-proxy.py PORT TARGET LIMIT-FILE: passes connections on 127.0.0.1:PORT on to TARGET, and cuts
# each once as many bytes went through, both ways together, as stand in the file; 0 never cuts.
import select
import socket
import sys
import threading


def relay(client, target, limit):
    server = socket.create_connection(("127.0.0.1", target))
    left = limit
    try:
        while True:
            for source in select.select([client, server], [], [])[0]:
                data = source.recv(min(left, 65536) if limit else 65536)
                if not data:
                    return
                (server if source is client else client).sendall(data)
                left -= len(data)
                if limit and left <= 0:
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
        with open(limits) as file:
            limit = int(file.read())
        threading.Thread(target=relay, args=(client, target, limit), daemon=True).start()


main()
