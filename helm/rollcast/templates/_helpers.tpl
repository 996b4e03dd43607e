{{- define "rollcast.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Names of objects are this and at most 13 characters more ("-test-refused"). */}}
{{- define "rollcast.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What never changes over the life of a release, whatever its values: selectors are immutable. */}}
{{- define "rollcast.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rollcast.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: node
{{- end -}}

{{- define "rollcast.labels" -}}
{{- $own := dict
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63)
  "app.kubernetes.io/version" (.Chart.AppVersion | toString)
  "app.kubernetes.io/managed-by" .Release.Service
  "app.kubernetes.io/part-of" "rollcast" -}}
{{- toYaml (mustMergeOverwrite (default dict .Values.commonLabels | deepCopy) $own (include "rollcast.selectorLabels" . | fromYaml)) -}}
{{- end -}}

{{/* Of an object that is no part of a node: (dict "root" $ "component" "test"). */}}
{{- define "rollcast.componentLabels" -}}
{{- toYaml (mustMergeOverwrite (include "rollcast.labels" .root | fromYaml) (dict "app.kubernetes.io/component" .component)) -}}
{{- end -}}

{{/* Labels of the chart and those of a value that must not hide them: (dict "root" $ "extra" .Values.x.labels). */}}
{{- define "rollcast.labelsWith" -}}
{{- toYaml (mustMergeOverwrite (default dict .extra | deepCopy) (include "rollcast.labels" .root | fromYaml)) -}}
{{- end -}}

{{/* Without the chart's version: a new one alone must replace no pod, for that moves its clients. */}}
{{- define "rollcast.podLabels" -}}
{{- $own := dict "app.kubernetes.io/part-of" "rollcast" -}}
{{- toYaml (mustMergeOverwrite (default dict .Values.commonLabels | deepCopy) (default dict .Values.podLabels | deepCopy) $own (include "rollcast.selectorLabels" . | fromYaml)) -}}
{{- end -}}

{{- define "rollcast.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "rollcast.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "rollcast.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository $tag -}}
{{- end -}}
{{- end -}}

{{/* Conditions are text: "true" or nothing. */}}
{{- define "rollcast.hasRedis" -}}
{{- if or .Values.redis.url .Values.redis.existingSecret -}}true{{- end -}}
{{- end -}}

{{- define "rollcast.hasMongodb" -}}
{{- if or .Values.mongodb.url .Values.mongodb.existingSecret -}}true{{- end -}}
{{- end -}}

{{- define "rollcast.distributed" -}}
{{- if and (include "rollcast.hasRedis" .) (include "rollcast.hasMongodb" .) -}}true{{- end -}}
{{- end -}}

{{/* Whether something else than the Deployment says how many pods there are. */}}
{{- define "rollcast.scaled" -}}
{{- if or .Values.autoscaling.enabled .Values.keda.enabled -}}true{{- end -}}
{{- end -}}

{{- define "rollcast.replicas" -}}
{{- if not (kindIs "invalid" .Values.replicaCount) -}}
{{- .Values.replicaCount -}}
{{- else if include "rollcast.distributed" . -}}
3
{{- else -}}
1
{{- end -}}
{{- end -}}

{{/* A Deployment does not wait for pods that terminate: a new one counts when the drain of the old one before it is over. */}}
{{- define "rollcast.minReadySeconds" -}}
{{- if not (include "rollcast.distributed" .) -}}
0
{{- else if kindIs "invalid" .Values.minReadySeconds -}}
{{- add .Values.drain.preStopSeconds .Values.drain.timeoutSeconds -}}
{{- else -}}
{{- int64 .Values.minReadySeconds -}}
{{- end -}}
{{- end -}}

{{/* jwtSecret, publicKey or jwksUrl; nothing without any key. */}}
{{- define "rollcast.keyKind" -}}
{{- with .Values.auth -}}
{{- if .existingSecret -}}{{ .existingSecretKind }}
{{- else if .jwtSecret -}}jwtSecret
{{- else if .publicKey -}}publicKey
{{- else if .jwksUrl -}}jwksUrl
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "rollcast.keyOfExistingKey" -}}
{{- $byKind := dict "jwtSecret" "jwt-secret" "publicKey" "jwt-public-key" "jwksUrl" "jwks-url" -}}
{{- default (get $byKind .Values.auth.existingSecretKind) .Values.auth.existingSecretKey -}}
{{- end -}}

{{/* Of a duration such as 1h30m. */}}
{{- define "rollcast.milliseconds" -}}
{{- $sum := 0 -}}
{{- range regexFindAll "[0-9]+(ms|s|m|h)" . -1 -}}
{{- $unit := regexFind "[a-z]+" . -}}
{{- $sum = add $sum (mul (trimSuffix $unit . | int) (get (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000) $unit)) -}}
{{- end -}}
{{- $sum -}}
{{- end -}}

{{/* Booleans and numbers are what YAML makes of off, on and 1. */}}
{{- define "rollcast.onOff" -}}
{{- if kindIs "bool" . -}}{{ ternary "on" "off" . }}{{- else if kindIs "string" . -}}{{ . }}{{- else -}}{{ int64 . }}{{- end -}}
{{- end -}}
