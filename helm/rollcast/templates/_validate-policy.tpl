{{/* A policy that keeps the nodes off their own stores is found when nobody can check in. Only URLs given as values can be read. */}}
{{- define "rollcast.validate.policy" -}}
{{- with .Values.networkPolicy }}
{{- if and .enabled .egress.enabled }}
{{- $redisPort := ternary "26379" "6379" (eq $.Values.redis.mode "sentinel") }}
{{- $uses := list
  (dict "value" "redis.url" "rule" "redis" "ports" (include "rollcast.portsOf" (dict "url" $.Values.redis.url "default" $redisPort)))
  (dict "value" "mongodb.url" "rule" "mongodb" "ports" (include "rollcast.portsOf" (dict "url" $.Values.mongodb.url "default" "27017")))
  (dict "value" "auth.jwksUrl" "rule" "jwks" "ports" (include "rollcast.portsOf" (dict "url" $.Values.auth.jwksUrl)))
  (dict "value" "tracing.endpoint" "rule" "tracing" "ports" (include "rollcast.portsOf" (dict "url" $.Values.tracing.endpoint))) }}
{{- range $use := $uses }}
{{- $allowed := list }}
{{- range (get $.Values.networkPolicy.egress .rule).ports }}{{- $allowed = append $allowed (int . | toString) }}{{- end }}
{{- range splitList " " .ports | compact | uniq }}
{{- if not (has . $allowed) }}
{{ $use.value }} uses port {{ . }}, which networkPolicy.egress.{{ $use.rule }}.ports does not allow: add it there
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
Ports of a URL, or of several addresses in one, with spaces between them: (dict "url" … "default" "6379"); without a default
it goes by the scheme. Nothing of mongodb+srv://, whose ports are in the DNS.
*/}}
{{- define "rollcast.portsOf" -}}
{{- $byScheme := ternary "443" "80" (hasPrefix "https://" .url) -}}
{{- if and .url (not (hasPrefix "mongodb+srv://" .url)) -}}
{{- $whole := ternary .url (regexFind "^[a-z]+://[^/?#]*" .url | splitList "@" | last) (hasPrefix "redis" .url) -}}
{{- range splitList "," $whole -}}
{{- $host := trim . | regexFind "^([a-z]+://)?[^/?#]*" | splitList "@" | last -}}
{{- regexFind ":[0-9]+$" $host | trimPrefix ":" | default $.default | default $byScheme }} {{ end -}}
{{- end -}}
{{- end -}}
