// The configuration texts of the programs that the tap is compared with. Each is what a careful operator would write: one
// process, no log, keep-alive on both sides. It writes no file.

interface NginxPlace {
  /** A folder of its own for everything it writes. */
  readonly prefix: string;
  readonly port: number;
}

/** The origin: files from a folder with sendfile, as Debian ships it, without an access log. */
export function nginxOrigin({ prefix, port, root }: NginxPlace & { readonly root: string }): string {
  return nginx(prefix, `server { listen 127.0.0.1:${port}; root ${root}; }`);
}

/** A reverse proxy with kept upstream connections; buffering as shipped. */
export function nginxProxy({ prefix, port, origin }: NginxPlace & { readonly origin: string }): string {
  return nginx(
    prefix,
    `upstream origin { server ${origin}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }`,
  );
}

interface HaproxyPlace {
  readonly port: number;
  readonly origin: string;
  /** `auto`: bodies are spliced in the kernel where HAProxy thinks it worth while (on loopback it never does); or always. */
  readonly splicing: 'auto' | 'response';
}

/** HTTP mode on one thread. */
export function haproxy({ port, origin, splicing }: HaproxyPlace): string {
  return `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  option splice-${splicing}
frontend front
  bind 127.0.0.1:${port}
  default_backend back
backend back
  server origin ${origin}
`;
}

function nginx(prefix: string, body: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
pid ${prefix}/nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  ${temporary.map((name) => `${name}_temp_path ${prefix}/${name};`).join(' ')}
  default_type application/octet-stream;
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  ${body}
}
`;
}
