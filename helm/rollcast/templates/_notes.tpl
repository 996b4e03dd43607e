{{/* In a template of its own, so that it can be rendered where there is no cluster. */}}
{{- define "rollcast.notes" -}}
{{- $distributed := include "rollcast.distributed" . }}
{{- $fullname := include "rollcast.fullname" . }}
{{- if $distributed }}
Rollcast {{ .Chart.AppVersion }} runs on several nodes, with live rolls in Redis and records in MongoDB.
{{- else }}
Rollcast {{ .Chart.AppVersion }} runs as one node that keeps everything in SQLite
{{- if .Values.persistence.enabled }} on the claim {{ default (printf "%s-data" $fullname) .Values.persistence.existingClaim }}{{ end }}.
{{- end }}

Where it is:
{{- if .Values.config.publicUrl }}
  {{ .Values.config.publicUrl }}
{{- else if .Values.ingress.enabled }}
{{- range .Values.ingress.hosts }}
  {{ ternary "https" "http" (gt (len $.Values.ingress.tls) 0) }}://{{ .host }}
{{- end }}
{{- else if .Values.httpRoute.enabled }}
{{- range .Values.httpRoute.hostnames }}
  https://{{ . }}
{{- end }}
{{- else if eq .Values.service.type "LoadBalancer" }}
  the address of: kubectl --namespace {{ .Release.Namespace }} get service {{ $fullname }}
{{- else }}
  only inside the cluster. From here:
  kubectl --namespace {{ .Release.Namespace }} port-forward service/{{ $fullname }} 4002:{{ .Values.service.port }}
  and then http://127.0.0.1:4002
{{- end }}

Whether it works:
  kubectl --namespace {{ .Release.Namespace }} rollout status deployment/{{ $fullname }}
  helm --namespace {{ .Release.Namespace }} test {{ .Release.Name }}

{{- $warnings := list }}
{{- if and (not $distributed) (not .Values.persistence.enabled) }}
{{- $warnings = append $warnings "persistence.enabled is false: all courses and attendance are LOST when the pod goes. Only for trying it out." }}
{{- end }}
{{- if and $distributed (not .Values.config.publicUrl) }}
{{- $warnings = append $warnings "config.publicUrl is not set: check-in codes are shown without links and QR codes." }}
{{- end }}
{{- if or .Values.redis.url .Values.mongodb.url .Values.auth.jwtSecret }}
{{- $warnings = append $warnings "Secrets were given as values: they are in the history of the release too. existingSecret keeps them out." }}
{{- end }}
{{- if not (include "rollcast.keyKind" .) }}
{{- $warnings = append $warnings "No key is set: the node makes a secret of its own and keeps it with its data, so only tokens made there are accepted. Set auth.jwksUrl." }}
{{- end }}
{{- if and .Values.auth.jwtSecret (lt (len .Values.auth.jwtSecret) 32) }}
{{- $warnings = append $warnings "auth.jwtSecret has fewer than 32 characters: it can be guessed." }}
{{- end }}
{{- if and (or .Values.ingress.enabled .Values.httpRoute.enabled) (eq (include "rollcast.onOff" .Values.config.trustProxy) "off") }}
{{- $warnings = append $warnings "config.trustProxy is off: behind a proxy all people seem to come from its address. Name the proxy, such as its network." }}
{{- end }}
{{- /* Behind an Ingress or a Gateway there is one address: that of the proxy. */}}
{{- $direct := not (or .Values.ingress.enabled .Values.httpRoute.enabled) }}
{{- $sticky := or (and $direct (eq .Values.service.sessionAffinity "ClientIP")) (and .Values.ingress.enabled (ne .Values.ingress.stickyPreset "none")) (and .Values.httpRoute.enabled .Values.httpRoute.sessionPersistence.enabled) }}
{{- if and $distributed (has "polling" .Values.config.transports) (not $sticky) }}
{{- $warnings = append $warnings "Clients may poll, and the chart has set nothing that keeps a client on one node: take care of it in your load balancer, or set config.transports to [websocket]." }}
{{- end }}
{{- $target := 0 }}
{{- if and .Values.autoscaling.enabled .Values.autoscaling.connections.enabled }}{{- $target = .Values.autoscaling.connections.target | int }}{{- end }}
{{- if and .Values.keda.enabled .Values.keda.prometheus.serverAddress }}{{- $target = .Values.keda.prometheus.target | int }}{{- end }}
{{- if gt $target (mul 100 .Values.drain.timeoutSeconds | int) }}
{{- $warnings = append $warnings (printf "A node drains 200 connections a second, in half of drain.timeoutSeconds. For the %d that autoscaling aims at, set it to %d, and terminationGracePeriodSeconds with it; else clients move faster." $target (div (add 99 $target) 100)) }}
{{- end }}
{{- if and .Values.mongodb.existingSecret (include "rollcast.hasCa" .Values.mongodb.tls) }}
{{- $warnings = append $warnings "The URL in the Secret must name the CA: tls=true&tlsCAFile=/etc/rollcast/mongodb-ca.crt" }}
{{- end }}
{{- if $warnings }}

Mind:
{{- range $warnings }}
  - {{ . }}
{{- end }}
{{- end }}
{{- end -}}
