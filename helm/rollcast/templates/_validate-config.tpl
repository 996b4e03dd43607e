{{/* What the service refuses of its settings: else it would be pods that do not start. */}}
{{- define "rollcast.validate.config" -}}
{{- range $name, $url := dict "config.publicUrl" .Values.config.publicUrl "tracing.endpoint" .Values.tracing.endpoint }}
{{- if and (regexMatch "^https?://[^/]" $url) (not (regexMatch "^https?://[^/?#@]+(/[^?#]*)?$" $url)) }}
{{ $name }} must have no user, no query and no fragment (its text is not shown, for it may hold a password)
{{- end }}
{{- end }}
{{- with .Values.config }}
{{- if and (kindIs "bool" .retentionDays) .retentionDays }}
config.retentionDays is true: write a number of days, or off
{{- end }}
{{- if and (kindIs "string" .retentionDays) (gt (int .retentionDays) 36500) }}
config.retentionDays is {{ .retentionDays }}: write 36500 days at most, or off
{{- end }}
{{- range .corsOrigins }}
{{- if not (include "rollcast.isOrigin" .) }}
config.corsOrigins names {{ . | quote }}: write exact origins such as https://example.edu, as browsers do: http or https, small letters, no path and no port that the scheme has anyway
{{- end }}
{{- end }}
{{- if and (kindIs "string" .trustProxy) (not (regexMatch "^(on|off|[0-9]+)$" .trustProxy)) }}
{{- range splitList "," .trustProxy }}
{{- if not (include "rollcast.isNetwork" (trim .)) }}
config.trustProxy names {{ trim . | quote }}: write off, on, a number of hops, or addresses and networks such as 10.0.0.0/8
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "rollcast.isOrigin" -}}
{{- $port := regexFind ":[0-9]+$" . | trimPrefix ":" -}}
{{- if and (regexMatch "^https?://(\\[[0-9a-f:.]+\\]|[a-z0-9._-]+)(:[1-9][0-9]{0,4})?$" .) (le (int $port) 65535) -}}
{{- if ne $port (ternary "443" "80" (hasPrefix "https://" .)) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* An address, a network, or one of the names that stand for private networks. */}}
{{- define "rollcast.isNetwork" -}}
{{- $byte := "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])" -}}
{{- $ipv4 := printf "(%s\\.){3}%s(/(3[0-2]|[12]?[0-9]))?" $byte $byte -}}
{{- $ipv6 := "[0-9a-fA-F]{0,4}:[0-9a-fA-F:]*[0-9a-fA-F:.]*(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?" -}}
{{- if regexMatch (printf "^(loopback|linklocal|uniquelocal|%s|%s)$" $ipv4 $ipv6) . -}}true{{- end -}}
{{- end -}}
