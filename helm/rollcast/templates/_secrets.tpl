{{/*
What is secret reaches the service as files, so that it is in no environment, no `kubectl describe` and no crash dump. One
projected volume holds them all, whether they are in Secrets of the release or in those that were there before.
*/}}

{{- define "rollcast.secretsDirectory" -}}/etc/rollcast{{- end -}}

{{/* What the Secret of the release holds: file name → content, as YAML. */}}
{{- define "rollcast.secretContent" -}}
{{- $content := dict -}}
{{- with .Values.redis.url }}{{- $_ := set $content "redis-url" . }}{{- end -}}
{{- with .Values.mongodb.url }}{{- $_ := set $content "mongodb-url" . }}{{- end -}}
{{- with .Values.auth.jwtSecret }}{{- $_ := set $content "jwt-secret" . }}{{- end -}}
{{- with .Values.auth.publicKey }}{{- $_ := set $content "jwt-public-key" . }}{{- end -}}
{{- with .Values.redis.tls.ca }}{{- $_ := set $content "redis-ca.crt" . }}{{- end -}}
{{- with .Values.mongodb.tls.ca }}{{- $_ := set $content "mongodb-ca.crt" . }}{{- end -}}
{{- toYaml $content -}}
{{- end -}}

{{/* One source of the projected volume: (dict "kind" "secret" or "configMap", "name", "key", "path"). */}}
{{- define "rollcast.fileSource" -}}
- {{ .kind }}:
    name: {{ .name | quote }}
    items:
      - key: {{ .key | quote }}
        path: {{ .path }}
{{- end -}}

{{/* A CA from wherever it is: (dict "root" $ "tls" .Values.redis.tls "path" "redis-ca.crt"). Nothing without one. */}}
{{- define "rollcast.caSource" -}}
{{- if .tls.caSecret -}}
{{- include "rollcast.fileSource" (dict "kind" "secret" "name" .tls.caSecret "key" .tls.caKey "path" .path) -}}
{{- else if .tls.caConfigMap -}}
{{- include "rollcast.fileSource" (dict "kind" "configMap" "name" .tls.caConfigMap "key" .tls.caKey "path" .path) -}}
{{- else if .tls.ca -}}
{{- include "rollcast.fileSource" (dict "kind" "secret" "name" (include "rollcast.fullname" .root) "key" .path "path" .path) -}}
{{- end -}}
{{- end -}}

{{/* All sources of the projected volume; nothing when there is nothing to mount. */}}
{{- define "rollcast.fileSources" -}}
{{- $own := include "rollcast.fullname" . -}}
{{- $sources := list -}}
{{- if include "rollcast.distributed" . -}}
{{- with .Values.redis -}}
{{- $sources = append $sources (include "rollcast.fileSource" (dict "kind" "secret" "name" (default $own .existingSecret) "key" (ternary .existingSecretKey "redis-url" (ne .existingSecret "")) "path" "redis-url")) -}}
{{- $sources = append $sources (include "rollcast.caSource" (dict "root" $ "tls" .tls "path" "redis-ca.crt")) -}}
{{- end -}}
{{- with .Values.mongodb -}}
{{- $sources = append $sources (include "rollcast.fileSource" (dict "kind" "secret" "name" (default $own .existingSecret) "key" (ternary .existingSecretKey "mongodb-url" (ne .existingSecret "")) "path" "mongodb-url")) -}}
{{- $sources = append $sources (include "rollcast.caSource" (dict "root" $ "tls" .tls "path" "mongodb-ca.crt")) -}}
{{- end -}}
{{- end -}}
{{- $kind := include "rollcast.keyKind" . -}}
{{- if or (eq $kind "jwtSecret") (eq $kind "publicKey") -}}
{{- $path := get (dict "jwtSecret" "jwt-secret" "publicKey" "jwt-public-key") $kind -}}
{{- with .Values.auth -}}
{{- $key := $path -}}
{{- if .existingSecret -}}{{- $key = include "rollcast.keyOfExistingKey" $ -}}{{- end -}}
{{- $sources = append $sources (include "rollcast.fileSource" (dict "kind" "secret" "name" (default $own .existingSecret) "key" $key "path" $path)) -}}
{{- end -}}
{{- end -}}
{{- with .Values.tracing -}}
{{- if and .endpoint .existingSecret -}}
{{- $sources = append $sources (include "rollcast.fileSource" (dict "kind" "secret" "name" .existingSecret "key" .existingSecretKey "path" "otlp-headers")) -}}
{{- end -}}
{{- end -}}
{{- with .Values.trustedCa -}}
{{- $sources = append $sources (include "rollcast.caSource" (dict "root" $ "tls" (dict "caSecret" .secret "caConfigMap" .configMap "caKey" .key "ca" "") "path" "trusted-ca.crt")) -}}
{{- end -}}
{{- join "\n" (compact $sources) -}}
{{- end -}}

{{- define "rollcast.hasCa" -}}
{{- if or .ca .caSecret .caConfigMap -}}true{{- end -}}
{{- end -}}

{{/* The variables that name those files, and what else is bound to the shape of the pod. */}}
{{- define "rollcast.env" -}}
{{- $dir := include "rollcast.secretsDirectory" . -}}
{{- $kind := include "rollcast.keyKind" . -}}
- name: PORT
  value: {{ .Values.containerPorts.http | quote }}
- name: METRICS_PORT
  value: {{ .Values.containerPorts.metrics | quote }}
{{- if include "rollcast.distributed" . }}
- name: REDIS_URL_FILE
  value: {{ $dir }}/redis-url
{{- if include "rollcast.hasCa" .Values.redis.tls }}
- name: REDIS_TLS_CA_FILE
  value: {{ $dir }}/redis-ca.crt
{{- end }}
- name: MONGODB_URL_FILE
  value: {{ $dir }}/mongodb-url
{{- else }}
- name: DATA_DIR
  value: /data
{{- end }}
{{- if eq $kind "jwtSecret" }}
- name: JWT_SECRET_FILE
  value: {{ $dir }}/jwt-secret
{{- else if eq $kind "publicKey" }}
- name: JWT_PUBLIC_KEY_FILE
  value: {{ $dir }}/jwt-public-key
{{- else if and (eq $kind "jwksUrl") .Values.auth.existingSecret }}
- name: JWT_JWKS_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.auth.existingSecret | quote }}
      key: {{ include "rollcast.keyOfExistingKey" . | quote }}
{{- end }}
{{- if or .Values.trustedCa.secret .Values.trustedCa.configMap }}
- name: NODE_EXTRA_CA_CERTS
  value: {{ $dir }}/trusted-ca.crt
{{- end }}
{{- if and .Values.tracing.endpoint .Values.tracing.existingSecret }}
- name: OTEL_EXPORTER_OTLP_HEADERS_FILE
  value: {{ $dir }}/otlp-headers
{{- end }}
{{- end -}}
