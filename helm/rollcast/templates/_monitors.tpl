{{/* What ServiceMonitor and PodMonitor share: (dict "root" $ "kind" "ServiceMonitor" "monitor" .Values.metrics.serviceMonitor "endpoints" "endpoints"). */}}
{{- define "rollcast.monitor" -}}
{{- $component := ternary "metrics" "node" (eq .kind "ServiceMonitor") -}}
apiVersion: monitoring.coreos.com/v1
kind: {{ .kind }}
metadata:
  name: {{ include "rollcast.fullname" .root }}
  namespace: {{ default .root.Release.Namespace .monitor.namespace | quote }}
  labels:
    {{- include "rollcast.labelsWith" (dict "root" .root "extra" .monitor.labels) | nindent 4 }}
spec:
  namespaceSelector:
    matchNames: [{{ .root.Release.Namespace | quote }}]
  selector:
    matchLabels:
      {{- mustMergeOverwrite (include "rollcast.selectorLabels" .root | fromYaml) (dict "app.kubernetes.io/component" $component) | toYaml | nindent 6 }}
  {{ .endpoints }}:
    - port: metrics
      path: /metrics
      {{- with .monitor.interval }}
      interval: {{ . }}
      {{- end }}
      {{- with .monitor.scrapeTimeout }}
      scrapeTimeout: {{ . }}
      {{- end }}
      {{- with .monitor.relabelings }}
      relabelings:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .monitor.metricRelabelings }}
      metricRelabelings:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end -}}
