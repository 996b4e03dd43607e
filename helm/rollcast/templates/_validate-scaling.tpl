{{/* How many nodes there are, and may be missing. */}}
{{- define "rollcast.validate.scaling" -}}
{{- if and .Values.autoscaling.enabled .Values.keda.enabled }}
autoscaling.enabled and keda.enabled are both true: two would decide how many nodes there are, so enable one of them
{{- end }}
{{- range $name := list "autoscaling" "keda" }}
{{- with get $.Values $name }}
{{- if .enabled }}
{{- if gt (int .minReplicas) (int .maxReplicas) }}
{{ $name }}.minReplicas ({{ .minReplicas }}) is more than {{ $name }}.maxReplicas ({{ .maxReplicas }}): make it {{ .maxReplicas }} or less
{{- end }}
{{- $cpu := .targetCPUUtilizationPercentage }}
{{- if and (eq $name "autoscaling") (not $cpu) (not .connections.enabled) }}
autoscaling has nothing to go by: set autoscaling.targetCPUUtilizationPercentage, or autoscaling.connections.enabled to true
{{- end }}
{{- if and (eq $name "keda") (not $cpu) (not .prometheus.serverAddress) (not .triggers) }}
keda has nothing to go by: set keda.targetCPUUtilizationPercentage, keda.prometheus.serverAddress or keda.triggers
{{- end }}
{{- if and $cpu (not (get (default dict (get (default dict $.Values.resources) "requests")) "cpu")) }}
{{ $name }}.targetCPUUtilizationPercentage is a share of the CPU request, but resources.requests.cpu is not set: set it
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.podDisruptionBudget }}
{{- if and .enabled (include "rollcast.distributed" $) }}
{{- $least := include "rollcast.replicas" $ }}
{{- if $.Values.autoscaling.enabled }}{{- $least = $.Values.autoscaling.minReplicas }}{{- end }}
{{- if $.Values.keda.enabled }}{{- $least = $.Values.keda.minReplicas }}{{- end }}
{{- $stay := int .minAvailable }}
{{- if kindIs "string" .minAvailable }}
{{- /* A part of a node counts as a whole one. */}}
{{- $stay = div (add 99 (mul (trimSuffix "%" .minAvailable | int) (int $least))) 100 | int }}
{{- end }}
{{- if and (not (kindIs "invalid" .minAvailable)) (gt (int $least) 0) (ge $stay (int $least)) }}
podDisruptionBudget.minAvailable is {{ .minAvailable }} of {{ $least }} nodes: no machine could ever be drained, so make it less
{{- end }}
{{- if and (kindIs "invalid" .minAvailable) (eq (toString .maxUnavailable | trimSuffix "%") "0") }}
podDisruptionBudget.maxUnavailable is 0: no machine could ever be drained, so make it 1 or more
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
