/**
 * Holds Kubernetes objects against the schema of their kind. The validators of the packages find what is missing, of a
 * wrong type or out of range, and pass over what they do not know. So what they have looked at is written down: a field
 * that none of them has read is a field that does not exist.
 */
import { HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { Pod } from 'kubernetes-models/v1/Pod';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { parseAllDocuments } from 'yaml';

// biome-ignore lint/suspicious/noExplicitAny: objects of many kinds, which tests look into; the schemas say what they are.
export type KubernetesObject = Record<string, any> & {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
};

type Kind = { apiVersion: string; kind: string; prototype: { validate(): void } };

const KINDS = [
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  HTTPRoute,
  Ingress,
  Job,
  NetworkPolicy,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PodMonitor,
  PrometheusRule,
  ScaledObject,
  Secret,
  Service,
  ServiceAccount,
  ServiceMonitor,
  StatefulSet,
] as unknown as Kind[];

const DNS_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
/** Of a qualified name: an optional domain, and a name of up to 63 characters. */
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/;

/** Throws when the text is not YAML. */
export const objectsIn = (text: string): KubernetesObject[] =>
  parseAllDocuments(text)
    .map((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw error;
      return document.toJS();
    })
    .filter((it) => it !== null);

/** What is wrong with an object, each as a line; nothing when it is right. */
export const wrongWith = (object: KubernetesObject): string[] => {
  const kind = KINDS.find((it) => it.apiVersion === object.apiVersion && it.kind === object.kind);
  const what = `${object.kind} ${object.metadata?.name}`;
  if (kind === undefined) return [`${what}: there is no schema of ${object.apiVersion} ${object.kind} here`];
  const read = new Set<string>();
  try {
    kind.prototype.validate.call(watched(object, '', read));
  } catch (error) {
    return [`${what}: ${(error as Error).message}`];
  }
  const unknown = pathsIn(object, '').filter((it) => !read.has(it));
  return [
    ...unknown.map((it) => `${what}: there is no field ${it}`),
    ...wrongNames(object).map((it) => `${what}: ${it}`),
  ];
};

/** The same object, that writes down the path of each field that is read. */
const watched = (value: unknown, path: string, read: Set<string>): unknown => {
  if (value === null || typeof value !== 'object') return value;
  return new Proxy(value, {
    get: (target, key) => {
      const it = Reflect.get(target, key);
      if (typeof key !== 'string' || !Object.hasOwn(target, key)) return it;
      const inside = `${path}/${key}`;
      read.add(inside);
      return watched(it, inside, read);
    },
  });
};

const pathsIn = (value: unknown, path: string): string[] => {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, it]) => [`${path}/${key}`, ...pathsIn(it, `${path}/${key}`)]);
};

/** What the schemas leave to the server: names and labels. */
const wrongNames = ({ metadata }: KubernetesObject): string[] => {
  const labels = Object.entries(metadata.labels ?? {});
  return [
    ...(DNS_NAME.test(metadata.name) ? [] : [`its name is no DNS name: ${metadata.name}`]),
    ...labels
      .filter(([key, value]) => !LABEL_KEY.test(key) || !LABEL_VALUE.test(value))
      .map(([key, value]) => `it has a wrong label: ${key}: ${value}`),
  ];
};
