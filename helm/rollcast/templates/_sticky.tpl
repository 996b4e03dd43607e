{{/*
Annotations that keep the polls of one client on one node, and let a WebSocket be silent between two pings (25 s). The name
of the cookie is that of the HAProxy configuration in deploy/local-cluster.
*/}}

{{- define "rollcast.stickyIngressAnnotations" -}}
{{- if eq .Values.ingress.stickyPreset "haproxy" }}
# HAProxy Technologies' controller, and the community's (haproxy-ingress): each leaves the other's alone.
haproxy.org/cookie-persistence: rollcast_node
haproxy.org/load-balance: leastconn
haproxy.org/timeout-server: 60s
haproxy-ingress.github.io/affinity: cookie
haproxy-ingress.github.io/session-cookie-name: rollcast_node
haproxy-ingress.github.io/session-cookie-strategy: insert
haproxy-ingress.github.io/balance-algorithm: leastconn
haproxy-ingress.github.io/timeout-server: 60s
haproxy-ingress.github.io/timeout-tunnel: 2m
{{- else if eq .Values.ingress.stickyPreset "nginx" }}
nginx.ingress.kubernetes.io/affinity: cookie
nginx.ingress.kubernetes.io/affinity-mode: persistent
nginx.ingress.kubernetes.io/session-cookie-name: rollcast_node
nginx.ingress.kubernetes.io/session-cookie-samesite: Lax
nginx.ingress.kubernetes.io/session-cookie-change-on-failure: "true"
nginx.ingress.kubernetes.io/proxy-read-timeout: "120"
nginx.ingress.kubernetes.io/proxy-send-timeout: "120"
nginx.ingress.kubernetes.io/proxy-body-size: 4m
{{- end }}
{{- end -}}

{{/* Traefik looks at the Service, and so do newer versions of HAProxy Technologies' controller. */}}
{{- define "rollcast.stickyServiceAnnotations" -}}
{{- if and .Values.ingress.enabled (eq .Values.ingress.stickyPreset "traefik") }}
traefik.ingress.kubernetes.io/service.sticky.cookie: "true"
traefik.ingress.kubernetes.io/service.sticky.cookie.name: rollcast_node
traefik.ingress.kubernetes.io/service.sticky.cookie.httponly: "true"
traefik.ingress.kubernetes.io/service.sticky.cookie.samesite: lax
{{- if .Values.ingress.tls }}
traefik.ingress.kubernetes.io/service.sticky.cookie.secure: "true"
{{- end }}
{{- else if and .Values.ingress.enabled (eq .Values.ingress.stickyPreset "haproxy") }}
haproxy.org/cookie-persistence: rollcast_node
{{- end }}
{{- end -}}
