{{/*
What a schema cannot say: values that are right for themselves and wrong together. Each message names the values and says
what to do. The service refuses most of this too, but then it is a pod that does not start.
*/}}
{{- define "rollcast.validate" -}}
{{- $problems := list -}}
{{- range list "kubernetes" "names" "stores" "auth" "nodes" "drain" "scaling" "clients" "config" "policy" "monitoring" -}}
{{- range include (printf "rollcast.validate.%s" .) $ | splitList "\n" -}}
{{- with trim . -}}{{- $problems = append $problems . -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if $problems -}}
{{- printf "\n\nThese values cannot work:\n  - %s\n" (join "\n  - " $problems) | fail -}}
{{- end -}}
{{- end -}}

{{/* v1.20.0 is what a Helm without a cluster says when it was built without a version (go install): it is no cluster. */}}
{{- define "rollcast.validate.kubernetes" -}}
{{- $version := .Capabilities.KubeVersion.Version -}}
{{- if and (ne $version "v1.20.0") (semverCompare "<1.30.0-0" $version) }}
Kubernetes {{ $version }} is too old: the chart needs 1.30 or newer (preStop sleep)
{{- end }}
{{- end -}}

{{/* Of a Service: a letter first, no dots. And nothing that YAML takes for something else than text. */}}
{{- define "rollcast.validate.names" -}}
{{- $pattern := "^[a-z]([-a-z0-9]*[a-z0-9])?$" }}
{{- $words := list "y" "n" "yes" "no" "on" "off" "true" "false" "null" }}
{{- $fullname := include "rollcast.fullname" . }}
{{- if or (not (regexMatch $pattern $fullname)) (has $fullname $words) }}
objects would be called {{ $fullname | quote }}, which Kubernetes does not take for a Service: set fullnameOverride to small letters, digits and hyphens, a letter first
{{- end }}
{{- $name := include "rollcast.name" . }}
{{- if not (regexMatch "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$" $name) }}
nameOverride makes the label app.kubernetes.io/name {{ $name | quote }}: set it to letters, digits and hyphens
{{- end }}
{{- end -}}

{{- define "rollcast.validate.stores" -}}
{{- $redis := include "rollcast.hasRedis" . -}}
{{- $mongodb := include "rollcast.hasMongodb" . -}}
{{- range $store := list "redis" "mongodb" }}
{{- with get $.Values $store }}
{{- if and .url .existingSecret }}
{{ $store }}.url and {{ $store }}.existingSecret are both set: set one of them
{{- end }}
{{- if gt (len (compact (list .tls.ca .tls.caSecret .tls.caConfigMap))) 1 }}
{{ $store }}.tls.ca, {{ $store }}.tls.caSecret and {{ $store }}.tls.caConfigMap exclude one another: set one of them
{{- end }}
{{- end }}
{{- end }}
{{- if and $redis (not $mongodb) }}
redis is set but mongodb is not: set mongodb.url or mongodb.existingSecret as well for several nodes, or neither for one
{{- end }}
{{- if and $mongodb (not $redis) }}
mongodb is set but redis is not: set redis.url or redis.existingSecret as well for several nodes, or neither for one
{{- end }}
{{- with .Values.redis }}
{{- if and (eq .mode "sentinel") (not .sentinelMaster) }}
redis.mode is sentinel, but redis.sentinelMaster is not set: set what the sentinels call the master
{{- end }}
{{- if and .sentinelMaster (ne .mode "sentinel") }}
redis.sentinelMaster is set, but redis.mode is {{ .mode }}: set redis.mode to sentinel, or unset redis.sentinelMaster
{{- end }}
{{- if and (contains "," .url) (eq .mode "standalone") }}
redis.url lists several addresses: set redis.mode to cluster or sentinel, or name one address
{{- end }}
{{- if and .url (include "rollcast.hasCa" .tls) (not (hasPrefix "rediss://" .url)) }}
redis.tls names a CA, but redis.url is not encrypted: write rediss://, or unset redis.tls
{{- end }}
{{- if .url }}
{{- range $i, $address := splitList "," .url }}
{{- $of := ternary (printf " in each address (number %d does not)" (add1 $i)) "" (contains "," $.Values.redis.url) }}
{{- if not (regexMatch "^rediss?://" (trim $address)) }}
redis.url must begin with redis:// or rediss://{{ $of }}; a comma in a password is written %2C (its text is not shown, for it may hold a password)
{{- else if not (regexMatch "^rediss?://([^/?#]*@)?[^/?#@]+(/[0-9]{0,4})?$" (trim $address)) }}
redis.url, address {{ add1 $i }}: behind the host and its port may stand the number of a database, such as /2, and nothing else (its text is not shown, for it may hold a password)
{{- else if and (eq $.Values.redis.mode "cluster") (regexMatch "/0*[1-9][0-9]*$" (trim $address)) }}
redis.url, address {{ add1 $i }}: names a database, but redis.mode is cluster, which has database 0 alone: remove it
{{- end }}
{{- end }}
{{- if and (contains "redis://" .url) (contains "rediss://" .url) }}
redis.url mixes redis:// and rediss://: take one of them for all addresses
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.mongodb }}
{{- if and .url (not (regexMatch "^mongodb(\\+srv)?://" .url)) }}
mongodb.url must begin with mongodb:// or mongodb+srv:// (its text is not shown, for it may hold a password)
{{- end }}
{{- if and .url (include "rollcast.hasCa" .tls) (not (contains "tlsCAFile=/etc/rollcast/mongodb-ca.crt" .url)) }}
mongodb.tls names a CA, but mongodb.url does not use it: add tls=true&tlsCAFile=/etc/rollcast/mongodb-ca.crt to its options
{{- end }}
{{- end }}
{{- if and .Values.trustedCa.secret .Values.trustedCa.configMap }}
trustedCa.secret and trustedCa.configMap are both set: set one of them
{{- end }}
{{- end -}}

{{- define "rollcast.validate.auth" -}}
{{- $kind := include "rollcast.keyKind" . -}}
{{- with .Values.auth }}
{{- $set := list }}
{{- range $name := list "jwksUrl" "jwtSecret" "publicKey" "existingSecret" }}
{{- if get $.Values.auth $name }}{{- $set = append $set (printf "auth.%s" $name) }}{{- end }}
{{- end }}
{{- if gt (len $set) 1 }}
{{ join " and " $set }} are set: set exactly one of them
{{- end }}
{{- if contains "PRIVATE KEY-----" .publicKey }}
auth.publicKey holds a private key: set the public one alone, and keep the private one where tokens are signed
{{- else if and .publicKey (not (hasPrefix "-----BEGIN PUBLIC KEY-----" (trim .publicKey))) }}
auth.publicKey must begin with -----BEGIN PUBLIC KEY----- (PEM, SPKI)
{{- end }}
{{- if and (not $set) (include "rollcast.distributed" $) }}
no key verifies tokens: several nodes share no secret of their own, so set auth.jwksUrl, auth.jwtSecret, auth.publicKey or auth.existingSecret
{{- end }}
{{- if $set }}
{{- $bySecret := eq $kind "jwtSecret" }}
{{- range .algorithms }}
{{- if ne (eq . "HS256") $bySecret }}
auth.algorithms names {{ . }}, which is not for {{ ternary "a secret (HS256 is)" "public keys (RS256, ES256 and EdDSA are)" $bySecret }}: remove it
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "rollcast.validate.nodes" -}}
{{- if not (include "rollcast.distributed" .) }}
{{- if gt (int (include "rollcast.replicas" .)) 1 }}
replicaCount is {{ .Values.replicaCount }}, but without redis and mongodb there is one node: set redis.url and mongodb.url (or their existingSecret) for several, or replicaCount to 1
{{- end }}
{{- range list "autoscaling" "keda" }}
{{- if (get $.Values .).enabled }}
{{ . }}.enabled is true, but without redis and mongodb there is one node: set redis.url and mongodb.url (or their existingSecret), or {{ . }}.enabled to false
{{- end }}
{{- end }}
{{- end }}
{{- if eq (int .Values.containerPorts.http) (int .Values.containerPorts.metrics) }}
containerPorts.http and containerPorts.metrics are the same: metrics need a port of their own
{{- end }}
{{- range list "checksum/config" "checksum/secret" }}
{{- if hasKey (default dict $.Values.podAnnotations) . }}
podAnnotations names {{ . }}, which the chart sets itself: remove it
{{- end }}
{{- end }}
{{- with .Values.rollingUpdate }}
{{- if and (eq (toString .maxUnavailable | trimSuffix "%") "0") (eq (toString .maxSurge | trimSuffix "%") "0") }}
rollingUpdate.maxUnavailable and rollingUpdate.maxSurge are both 0: no pod could ever be replaced, so set one of them higher
{{- end }}
{{- end }}
{{- end -}}

{{- define "rollcast.validate.drain" -}}
{{- with .Values.drain }}
{{- $sum := add .preStopSeconds .timeoutSeconds .marginSeconds }}
{{- if gt (int $sum) (int $.Values.terminationGracePeriodSeconds) }}
terminationGracePeriodSeconds is {{ $.Values.terminationGracePeriodSeconds }}, but drain.preStopSeconds + drain.timeoutSeconds + drain.marginSeconds is {{ $sum }}: pods would be killed while they drain, so set terminationGracePeriodSeconds to {{ $sum }} or more, or make the drain shorter
{{- end }}
{{- end }}
{{- end -}}

{{- define "rollcast.validate.clients" -}}
{{- $urls := dict "config.publicUrl" .Values.config.publicUrl "config.loginUrl" .Values.config.loginUrl "auth.jwksUrl" .Values.auth.jwksUrl "tracing.endpoint" .Values.tracing.endpoint "keda.prometheus.serverAddress" .Values.keda.prometheus.serverAddress }}
{{- range $name := keys $urls | sortAlpha }}
{{- with get $urls $name }}
{{- if not (regexMatch "^https?://[^/]" .) }}
{{ $name }} is {{ . | quote }}: write a whole URL, beginning with https:// or http://
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}
ingress.enabled is true, but ingress.hosts is empty: name at least one host
{{- end }}
{{- with .Values.httpRoute }}
{{- if and .enabled (not .parentRefs) }}
httpRoute.enabled is true, but httpRoute.parentRefs is empty: name the Gateway
{{- end }}
{{- if and .enabled (not .hostnames) }}
httpRoute.enabled is true, but httpRoute.hostnames is empty: name at least one, or the route would answer for every host of the Gateway
{{- end }}
{{- range .hostnames }}
{{- if not (regexMatch "^(\\*\\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$" .) }}
httpRoute.hostnames names {{ . | quote }}: write a host name in small letters, without a scheme and a port
{{- end }}
{{- end }}
{{- $request := include "rollcast.milliseconds" .timeouts.request | int }}
{{- if and (gt $request 0) (gt (include "rollcast.milliseconds" .timeouts.backendRequest | int) $request) }}
httpRoute.timeouts.backendRequest ({{ .timeouts.backendRequest }}) is longer than httpRoute.timeouts.request ({{ .timeouts.request }}), of which it is a part: make it as long or shorter
{{- end }}
{{- end }}
{{- if and .Values.service.nodePort (eq .Values.service.type "ClusterIP") }}
service.nodePort is set, but service.type is ClusterIP: set service.type to NodePort or LoadBalancer, or unset service.nodePort
{{- end }}
{{- end -}}

{{- define "rollcast.validate.monitoring" -}}
{{- with .Values.metrics.prometheusRule.disabled }}
{{- $known := list }}
{{- range ($.Files.Get "files/alerts.yaml" | fromYaml).groups }}{{- range .rules }}{{- $known = append $known .alert }}{{- end }}{{- end }}
{{- range . }}
{{- if not (has . $known) }}
metrics.prometheusRule.disabled names {{ . | quote }}, which is no alert of files/alerts.yaml: write it as it is there, or remove it
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled }}
metrics.serviceMonitor.enabled and metrics.podMonitor.enabled are both true: every node would be scraped twice, so enable one of them
{{- end }}
{{- if and .Values.tracing.existingSecret (not .Values.tracing.endpoint) }}
tracing.existingSecret is set, but tracing.endpoint is not: set where traces go
{{- end }}
{{- end -}}
