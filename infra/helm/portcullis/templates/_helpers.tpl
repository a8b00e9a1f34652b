{{- define "portcullis.name" -}}
{{- printf "%s-%s" .root.Release.Name .service | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "portcullis.selector" -}}
app.kubernetes.io/name: portcullis
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .service }}
{{- end -}}

{{- define "portcullis.labels" -}}
{{ include "portcullis.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "portcullis.port" -}}
{{- get (dict "auth" 4000 "user" 4001 "admin" 4002) .service -}}
{{- end -}}

{{- define "portcullis.image" -}}
{{- $image := .root.Values.image -}}
{{- $name := printf "%s/portcullis-%s" (required "image.registry is needed" $image.registry) .service -}}
{{- $digest := get $image.digests .service -}}
{{- if $digest }}{{ $name }}@{{ $digest }}{{ else }}{{ $name }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ end -}}
{{- end -}}

{{- define "portcullis.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "portcullis.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* The settings of a service. No secret: each of those is a file, which its variable names. */}}
{{- define "portcullis.environment" -}}
{{- $values := get .root.Values .service -}}
- name: PORTCULLIS_ISSUER
  value: {{ required "issuer is needed" .root.Values.issuer | quote }}
- name: PORTCULLIS_PREFIX
  value: {{ .root.Values.prefix | quote }}
- name: LOG_LEVEL
  value: {{ .root.Values.logLevel | quote }}
- name: PORTCULLIS_DRAIN_DELAY_MS
  value: {{ mul .root.Values.drain.delaySeconds 1000 | quote }}
{{- with .root.Values.trustedProxies }}
- name: PORTCULLIS_TRUSTED_PROXIES
  value: {{ join "," . | quote }}
{{- end }}
{{- if .root.Values.authority.configMap }}
- name: PORTCULLIS_TLS_CA_FILE
  value: /run/authority/authority.pem
- name: NODE_EXTRA_CA_CERTS
  value: /run/authority/authority.pem
{{- end }}
{{- if ne .service "auth" }}
- name: PORTCULLIS_AUDIENCE
  value: {{ printf "urn:portcullis:%s" .service | quote }}
- name: PORTCULLIS_CLIENT_ID
  value: {{ printf "cli_%s" .service | quote }}
{{- with $values.publicUrl }}
- name: PORTCULLIS_PUBLIC_URL
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- range $values.secretKeys }}
- name: {{ include "portcullis.variable" . }}_FILE
  value: /run/secrets/portcullis/{{ . }}
{{- end }}
{{- range $name, $value := $values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* database-url is DATABASE_URL; what no other program has is PORTCULLIS_... */}}
{{- define "portcullis.variable" -}}
{{- $name := . | replace "-" "_" | upper -}}
{{- if has . (list "database-url" "nats-url" "redis-url") }}{{ $name }}{{ else }}PORTCULLIS_{{ $name }}{{ end -}}
{{- end -}}

{{- define "portcullis.mounts" -}}
- name: secrets
  mountPath: /run/secrets/portcullis
  readOnly: true
{{- if .root.Values.authority.configMap }}
- name: authority
  mountPath: /run/authority
  readOnly: true
{{- end }}
{{- end -}}

{{- define "portcullis.volumes" -}}
{{- $values := get .root.Values .service -}}
- name: secrets
  secret:
    secretName: {{ required (printf "%s.secret is needed: the name of a Secret" .service) $values.secret }}
    defaultMode: 0440
    items:
      {{- range $values.secretKeys }}
      - key: {{ . }}
        path: {{ . }}
      {{- end }}
{{- if .root.Values.authority.configMap }}
- name: authority
  configMap:
    name: {{ .root.Values.authority.configMap }}
{{- end }}
{{- end -}}
