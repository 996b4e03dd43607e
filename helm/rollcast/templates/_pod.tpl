{{/* The pod of a node, without its metadata. */}}
{{- define "rollcast.pod" -}}
{{- $distributed := include "rollcast.distributed" . -}}
{{- $files := include "rollcast.fileSources" . -}}
serviceAccountName: {{ include "rollcast.serviceAccountName" . | quote }}
automountServiceAccountToken: false
# Else every Service of the namespace is in the environment, where its names may be taken for settings.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
securityContext:
  {{- default dict .Values.podSecurityContext | toYaml | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . | quote }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- include "rollcast.topologySpread" . }}
{{- with .Values.initContainers }}
initContainers:
  {{- toYaml . | nindent 2 }}
{{- end }}
containers:
  - name: rollcast
    image: {{ include "rollcast.image" . | quote }}
    imagePullPolicy: {{ .Values.image.pullPolicy }}
    securityContext:
      {{- default dict .Values.securityContext | toYaml | nindent 6 }}
    ports:
      - name: http
        containerPort: {{ .Values.containerPorts.http }}
        protocol: TCP
      - name: metrics
        containerPort: {{ .Values.containerPorts.metrics }}
        protocol: TCP
    env:
      {{- include "rollcast.env" . | nindent 6 }}
      {{- with .Values.extraEnv }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    envFrom:
      - configMapRef:
          name: {{ include "rollcast.fullname" . }}
      {{- with .Values.extraEnvFrom }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    startupProbe:
      httpGet: {path: /livez, port: http}
      {{- toYaml .Values.startupProbe | nindent 6 }}
    livenessProbe:
      httpGet: {path: /livez, port: http}
      {{- toYaml .Values.livenessProbe | nindent 6 }}
    readinessProbe:
      httpGet: {path: {{ printf "/readyz?parts=%s" (join "," .Values.readinessParts) | quote }}, port: http}
      {{- toYaml .Values.readinessProbe | nindent 6 }}
    {{- if gt (int .Values.drain.preStopSeconds) 0 }}
    lifecycle:
      preStop:
        sleep:
          seconds: {{ .Values.drain.preStopSeconds }}
    {{- end }}
    {{- with .Values.resources }}
    resources:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    volumeMounts:
      - name: tmp
        mountPath: /tmp
      {{- if not $distributed }}
      - name: data
        mountPath: /data
      {{- end }}
      {{- if $files }}
      - name: files
        mountPath: {{ include "rollcast.secretsDirectory" . }}
        readOnly: true
      {{- end }}
      {{- with .Values.extraVolumeMounts }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
  {{- with .Values.extraContainers }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: {{ .Values.tmpSizeLimit }}
  {{- if not $distributed }}
  - name: data
    {{- if .Values.persistence.enabled }}
    persistentVolumeClaim:
      claimName: {{ default (printf "%s-data" (include "rollcast.fullname" .)) .Values.persistence.existingClaim | quote }}
    {{- else }}
    emptyDir: {}
    {{- end }}
  {{- end }}
  {{- if $files }}
  - name: files
    projected:
      defaultMode: 288 # 0440: root and the group of the pod
      sources:
        {{- $files | nindent 8 }}
  {{- end }}
  {{- with .Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "rollcast.topologySpread" -}}
{{- if .Values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml .Values.topologySpreadConstraints | nindent 2 }}
{{- else if and (include "rollcast.distributed" .) .Values.topologySpread.enabled }}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    {{- /* A zone without room would keep pods from the others. */}}
    whenUnsatisfiable: {{ ternary $.Values.topologySpread.whenUnsatisfiable "ScheduleAnyway" (eq . "kubernetes.io/hostname") }}
    labelSelector:
      matchLabels:
        {{- include "rollcast.selectorLabels" $ | nindent 8 }}
    # Of an update the new pods are spread among themselves.
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}
{{- end -}}
