"""Servers with TLS: Homeport itself, nginx in front of docker-registry, and nginx with a folder."""

import os
import socket
import subprocess
import time

from servers import TICKS, DockerRegistry, Homeport, Server

CONNECTIONS_MAX = 20_000


def certificate(folder):
    """A key of P-256 and a certificate for `localhost`, which is its own authority."""
    certificate, key = os.path.join(folder, "tls.pem"), os.path.join(folder, "tls.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    return certificate, key


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class SecureHomeport(Homeport):
    """Homeport with its own TLS. Its plain port, too, is of use to those who only prepare."""

    def __init__(self, program, pair):
        super().__init__(program)
        self.authority, key = pair
        settings = os.path.join(self.folder, "homeport.yaml")
        with open(settings, "w", encoding="utf-8") as file:
            file.write(
                f"tls: {{listen: ['127.0.0.1:0'], certificates: [{{certificate_file: {self.authority}, "
                f"key_file: {key}}}]}}\n"
                f"limits: {{connections_max: {CONNECTIONS_MAX}, connections_per_address_max: {CONNECTIONS_MAX}, "
                "idle_time: 10m}\n")
        self.options = ["--config", settings]

    def launch(self):
        self.process = subprocess.Popen(
            [self.program, "serve", "--data", self.data, "--listen", "127.0.0.1:0", *self.options],
            stdout=subprocess.PIPE, stderr=self.log, text=True,
            env={**os.environ, "HOMEPORT_ADMIN_PASSWORD": self.password})
        self.port = self.tls_port = None
        for line in self.process.stdout:
            if line.startswith("listening on "):
                port = int(line.split()[2].rstrip("/").rsplit(":", 1)[1])
                if line.startswith("listening on https"):
                    self.tls_port = port
                else:
                    self.port = port
            if self.port and self.tls_port:
                return
        raise SystemExit(f"homeport did not start; its log is {self.log.name}")


class Nginx:
    """An nginx with one TLS server, and its CPU and memory."""

    def __init__(self, folder, pair, place, more=""):
        self.folder, self.port = folder, free_port()
        self.config = os.path.join(folder, "nginx.conf")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"""
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes {os.cpu_count()};
worker_rlimit_nofile {2 * CONNECTIONS_MAX}; events {{ worker_connections {CONNECTIONS_MAX}; }}
http {{
    access_log off; server_tokens off; keepalive_timeout 600; sendfile on; tcp_nopush on;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    ssl_certificate {pair[0]}; ssl_certificate_key {pair[1]}; ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:10m;
    {more}
    server {{
        listen 127.0.0.1:{self.port} ssl http2 backlog=4096; server_name localhost;
        client_max_body_size 0; chunked_transfer_encoding on;
        {place}
    }}
}}""")
        self.process = None

    def start(self):
        self.process = subprocess.Popen(["nginx", "-c", self.config], stderr=subprocess.DEVNULL)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit(f"nginx ended at once; its log is {self.folder}/nginx.log") from None
                time.sleep(0.001)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=60)
        self.process = None

    def processes(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
            return [self.process.pid, *map(int, children.read().split())]

    def cpu(self):
        return sum(cpu_of(pid) for pid in self.processes())

    def memory(self):
        """MiB. What its processes share is counted once."""
        return sum(proportional(pid) for pid in self.processes())


def cpu_of(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def proportional(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("Pss:"))


class NginxBefore(DockerRegistry):
    """docker-registry behind nginx, as its documentation has it: bodies are not buffered."""

    def __init__(self, pair):
        super().__init__()
        self.authority, self.pair, self.nginx = pair[0], pair, None

    def start(self):
        seconds = super().start()
        self.nginx = Nginx(self.folder, self.pair, f"""
        location /v2/ {{
            proxy_pass http://registry; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_request_buffering off; proxy_buffering off; proxy_read_timeout 900;
            proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme;
        }}""", f"upstream registry {{ server 127.0.0.1:{self.port}; keepalive 16; }}")
        self.nginx.start()
        self.tls_port = self.nginx.port
        return seconds

    def stop(self):
        if self.nginx:
            self.nginx.stop()
            self.nginx = None
        super().stop()

    def cpu(self):
        return super().cpu() + self.nginx.cpu()

    def memory(self, field="VmRSS"):
        return super().memory(field) + self.nginx.memory()


class NginxFile(Server):
    """nginx with nothing but a folder of files."""

    name = "nginx"

    def __init__(self, pair, folder):
        super().__init__()
        self.authority = pair[0]
        self.nginx = Nginx(self.folder, pair, f"location / {{ root {folder}; }}")
        os.chmod(self.folder, 0o755)
        self.tls_port = self.nginx.port

    def start(self):
        self.nginx.start()

    def stop(self):
        self.nginx.stop()

    def cpu(self):
        return self.nginx.cpu()
