{{/* The variables of the service that are no secrets and not bound to the shape of the pod, as YAML: what is unset is left out. */}}
{{- define "rollcast.config" -}}
{{- $env := dict -}}
{{- with .Values.config -}}
{{- $_ := set $env "HOST" .host -}}
{{- $_ := set $env "PUBLIC_URL" .publicUrl -}}
{{- $_ := set $env "CORS_ORIGINS" (join "," .corsOrigins) -}}
{{- $_ := set $env "TRUST_PROXY" (include "rollcast.onOff" .trustProxy) -}}
{{- $_ := set $env "TRANSPORTS" (join "," .transports) -}}
{{- $_ := set $env "STUDENT_VISIBILITY" .studentVisibility -}}
{{- $_ := set $env "AUTO_END_AFTER_MINUTES" (include "rollcast.onOff" .autoEndAfterMinutes) -}}
{{- $_ := set $env "RETENTION_DAYS" (include "rollcast.onOff" .retentionDays) -}}
{{- $_ := set $env "DEVICE_SIGNALS" (include "rollcast.onOff" .deviceSignals) -}}
{{- $_ := set $env "LOGIN_URL" .loginUrl -}}
{{- $_ := set $env "TOKEN_EXPIRY_OPEN_SOCKETS" .tokenExpiryOpenSockets -}}
{{- $_ := set $env "LOG_LEVEL" .logLevel -}}
{{- end -}}
{{- $_ := set $env "DRAIN_TIMEOUT_MS" (mul 1000 .Values.drain.timeoutSeconds | toString) -}}
{{- with .Values.auth -}}
{{- if not .existingSecret -}}{{- $_ := set $env "JWT_JWKS_URL" .jwksUrl -}}{{- end -}}
{{- $_ := set $env "JWT_ISSUER" .issuer -}}
{{- $_ := set $env "JWT_AUDIENCE" .audience -}}
{{- $_ := set $env "JWT_ALGORITHMS" (join "," .algorithms) -}}
{{- end -}}
{{- if include "rollcast.distributed" . -}}
{{- with .Values.redis -}}
{{- $_ := set $env "REDIS_MODE" .mode -}}
{{- $_ := set $env "REDIS_SENTINEL_MASTER" .sentinelMaster -}}
{{- $_ := set $env "REDIS_PREFIX" .prefix -}}
{{- $_ := set $env "REDIS_WAIT_REPLICAS" (.waitReplicas | int64 | toString) -}}
{{- end -}}
{{- end -}}
{{- with .Values.tracing -}}
{{- if .endpoint -}}
{{- $_ := set $env "OTEL_EXPORTER_OTLP_ENDPOINT" .endpoint -}}
{{- if not (kindIs "invalid" .sampleRatio) -}}{{- $_ := set $env "OTEL_TRACES_SAMPLER_ARG" (toString .sampleRatio) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name := keys $env | sortAlpha -}}
{{- with get $env $name }}
{{ $name }}: {{ . | quote }}
{{- end -}}
{{- end -}}
{{- end -}}
