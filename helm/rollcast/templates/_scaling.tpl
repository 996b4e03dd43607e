{{/*
Up at once: a lesson begins for everybody in the same minutes. Down by one node in five minutes, and only after ten quiet
ones: every node that goes moves all of its clients.
*/}}
{{- define "rollcast.scalingBehavior" -}}
{{- if . -}}
{{- toYaml . -}}
{{- else -}}
scaleUp:
  stabilizationWindowSeconds: 0
  selectPolicy: Max
  policies:
    - {type: Percent, value: 100, periodSeconds: 60}
    - {type: Pods, value: 2, periodSeconds: 60}
scaleDown:
  stabilizationWindowSeconds: 600
  selectPolicy: Max
  policies:
    - {type: Pods, value: 1, periodSeconds: 300}
{{- end -}}
{{- end -}}
