/** Wrong values are refused, with a message that names the value and says what to do. */
import { expect, test } from 'vitest';
import { DISTRIBUTED, refusal, STORES, valueArgs } from '../support/chart.ts';
import { describeWithHelm } from '../support/helm-program.ts';

type Values = string | Record<string, unknown>;

/** Values that are wrong for themselves: the schema finds them. */
const BY_SCHEMA: [string, Values, RegExp[]][] = [
  ['a value that does not exist', 'publicUrl=https://a.example', [/publicUrl/, /not allowed/]],
  ['one further down', 'redis.uri=redis://a', [/\/redis'/, /'?uri'? not allowed/]],
  ['text for a number', 'replicaCount=three', [/replicaCount/, /want null or integer|want integer or null/]],
  ['a number out of range', 'config.autoEndAfterMinutes=0', [/autoEndAfterMinutes/, /want 1/]],
  ['a port that the user may not open', 'containerPorts.http=80', [/containerPorts\/http/, /want 1,?024/]],
  ['an unknown mode', 'redis.mode=single', [/redis\/mode/, /'standalone', 'sentinel', 'cluster'/]],
  ['an unknown transport', { 'config.transports': ['sse'] }, [/transports/, /'websocket', 'polling'/]],
  ['no transport', { 'config.transports': [] }, [/transports/, /min/]],
  ['an unknown log level', 'config.logLevel=loud', [/logLevel/, /'info'/]],
  ['a digest without its kind', 'image.digest=0123abcd', [/image\/digest/, /sha256/]],
  ['an unknown preset', 'ingress.stickyPreset=apache', [/stickyPreset/, /'haproxy', 'traefik', 'nginx'/]],
  ['a ratio above 1', 'tracing.sampleRatio=20', [/sampleRatio/, /want 1/]],
  ['a size that is none', 'persistence.size=big', [/persistence\/size/]],
  ['a percentage that is none', 'podDisruptionBudget.maxUnavailable=half', [/podDisruptionBudget\/maxUnavailable/]],
  ['a name that is none', 'redis.existingSecret=My_Secret', [/redis\/existingSecret/]],
  ['a host without a name', { 'ingress.hosts': [{ paths: [{ path: '/' }] }] }, [/ingress\/hosts\/0/, /'host'/]],
];

/** Values that are wrong together: the chart says what to do. */
const BY_CHART: [string, Values[], string][] = [
  [
    'Redis alone',
    ['redis.url=redis://redis:6379,auth.jwksUrl=https://a.example/jwks'],
    'redis is set but mongodb is not: set mongodb.url or mongodb.existingSecret',
  ],
  [
    'MongoDB alone',
    ['mongodb.existingSecret=stores'],
    'mongodb is set but redis is not: set redis.url or redis.existingS',
  ],
  ['several nodes without a key', [STORES], 'set auth.jwksUrl, auth.jwtSecret, auth.publicKey or auth.existingSecret'],
  ['several embedded nodes', ['replicaCount=3'], 'replicaCount is 3, but without redis and mongodb there is one node'],
  [
    'autoscaling of one node',
    ['autoscaling.enabled=true'],
    'autoscaling.enabled is true, but without redis and mongodb',
  ],
  ['KEDA for one node', ['keda.enabled=true'], 'keda.enabled is true, but without redis and mongodb'],
  [
    'a drain that does not fit',
    ['drain.timeoutSeconds=55'],
    'terminationGracePeriodSeconds is 60, but drain.preStopSeconds + drain.timeoutSeconds + drain.marginSeconds is 65',
  ],
  ['two URLs for Redis', [DISTRIBUTED, 'redis.url=redis://a'], 'redis.url and redis.existingSecret are both set'],
  [
    'two keys',
    ['auth.jwksUrl=https://a.example,auth.jwtSecret=x'],
    'auth.jwksUrl and auth.jwtSecret are set: set exactly one',
  ],
  ['a key and a Secret', ['auth.publicKey=x,auth.existingSecret=y'], 'auth.publicKey and auth.existingSecret are set'],
  [
    'an algorithm of another kind of key',
    ['auth.jwksUrl=https://a.example', { 'auth.algorithms': ['HS256'] }],
    'auth.algorithms names HS256, which is not for public keys (RS256, ES256 and EdDSA are): remove it',
  ],
  ['sentinels without a master', [DISTRIBUTED, 'redis.mode=sentinel'], 'redis.sentinelMaster is not set: set what the'],
  ['a master without sentinels', [DISTRIBUTED, 'redis.sentinelMaster=m'], 'set redis.mode to sentinel, or unset'],
  [
    'several addresses of one server',
    [{ 'redis.url': 'redis://a,redis://b' }],
    'redis.url lists several addresses: set redis.mode to cluster or sentinel',
  ],
  ['a CA without TLS', ['redis.url=redis://a,redis.tls.caSecret=ca'], 'redis.url is not encrypted: write rediss://'],
  [
    'a CA that MongoDB is not told of',
    ['mongodb.url=mongodb://a/?tls=true,mongodb.tls.caSecret=ca'],
    'add tls=true&tlsCAFile=/etc/rollcast/mongodb-ca.crt',
  ],
  ['two CAs', ['redis.tls.caSecret=a,redis.tls.caConfigMap=b'], 'exclude one another: set one of them'],
  ['HPA and KEDA', [DISTRIBUTED, 'autoscaling.enabled=true,keda.enabled=true'], 'enable one of them'],
  [
    'fewest above most',
    [DISTRIBUTED, 'autoscaling.enabled=true,autoscaling.minReplicas=20'],
    'autoscaling.minReplicas (20) is more than autoscaling.maxReplicas (12)',
  ],
  [
    'a share of no request',
    [DISTRIBUTED, 'autoscaling.enabled=true', { resources: { requests: { cpu: null } } }],
    'resources.requests.cpu is not set: set it',
  ],
  [
    'scaling by nothing',
    [DISTRIBUTED, { 'autoscaling.enabled': true, 'autoscaling.targetCPUUtilizationPercentage': null }],
    'autoscaling has nothing to go by: set autoscaling.targetCPUUtilizationPercentage',
  ],
  [
    'a budget that lets nobody go',
    [DISTRIBUTED, 'podDisruptionBudget.minAvailable=3'],
    'podDisruptionBudget.minAvailable is 3 of 3 nodes: no machine could ever be drained',
  ],
  [
    'a budget in percent that lets nobody go',
    [DISTRIBUTED, 'podDisruptionBudget.minAvailable=100%'],
    'podDisruptionBudget.minAvailable is 100% of 3 nodes: no machine could ever be drained',
  ],
  [
    'a budget whose part of a node counts as a whole one',
    [DISTRIBUTED, 'podDisruptionBudget.minAvailable=67%'],
    'podDisruptionBudget.minAvailable is 67% of 3 nodes',
  ],
  ['a budget of nobody', [DISTRIBUTED, 'podDisruptionBudget.maxUnavailable=0'], 'so make it 1 or more'],
  ['an update that cannot move', [DISTRIBUTED, 'rollingUpdate.maxSurge=0'], 'rollingUpdate.maxSurge are both 0'],
  ['an Ingress without hosts', ['ingress.enabled=true'], 'ingress.hosts is empty: name at least one host'],
  ['a route without a Gateway', ['httpRoute.enabled=true'], 'httpRoute.parentRefs is empty: name the Gateway'],
  ['a route for every host', ['httpRoute.enabled=true'], 'httpRoute.hostnames is empty: name at least one'],
  [
    'a host name with a port',
    [{ 'httpRoute.hostnames': ['a.example:443'] }],
    'httpRoute.hostnames names "a.example:443": write a host name in small letters, without a scheme and a port',
  ],
  [
    'a part of a request that lasts longer than the whole',
    ['httpRoute.timeouts.request=1m30s,httpRoute.timeouts.backendRequest=91s'],
    'httpRoute.timeouts.backendRequest (91s) is longer than httpRoute.timeouts.request (1m30s)',
  ],
  [
    'an alert that does not exist',
    [{ 'metrics.prometheusRule.disabled': ['RollcastAbsent', 'MongoSlow'] }],
    'metrics.prometheusRule.disabled names "MongoSlow", which is no alert of files/alerts.yaml',
  ],
  [
    "an annotation that is the chart's own",
    [{ podAnnotations: { 'checksum/config': 'x' } }],
    'podAnnotations names checksum/config, which the chart sets itself: remove it',
  ],
  [
    'KEDA with nothing to go by',
    [DISTRIBUTED, { 'keda.enabled': true, 'keda.targetCPUUtilizationPercentage': null }],
    'set keda.targetCPUUtilizationPercentage, keda.prometheus.serverAddress or keda.triggers',
  ],
  ['a node port inside', ['service.nodePort=30000'], 'set service.type to NodePort or LoadBalancer'],
  ['one port for two', ['containerPorts.metrics=4002'], 'metrics need a port of their own'],
  [
    'two monitors',
    ['metrics.serviceMonitor.enabled=true,metrics.podMonitor.enabled=true'],
    'every node would be scraped twice, so enable one of them',
  ],
  [
    'a policy against the own store',
    ['networkPolicy.enabled=true,redis.url=redis://a:7000/1'],
    'redis.url uses port 7000, which networkPolicy.egress.redis.ports does not allow: add it there',
  ],
  [
    'a policy against the own key set',
    ['networkPolicy.enabled=true,auth.jwksUrl=https://login.example.edu:8443/jwks'],
    'auth.jwksUrl uses port 8443, which networkPolicy.egress.jwks.ports does not allow: add it there',
  ],
  [
    'a key set without TLS, by its scheme',
    ['networkPolicy.enabled=true,auth.jwksUrl=http://keys.school/jwks'],
    'auth.jwksUrl uses port 80, which',
  ],
  [
    'a policy against traces, by their scheme',
    ['networkPolicy.enabled=true,tracing.endpoint=https://otel.example.edu/x:1'],
    'tracing.endpoint uses port 443, which networkPolicy.egress.tracing.ports does not allow',
  ],
  [
    'a policy against sentinels, by their own port',
    [
      {
        'networkPolicy.enabled': true,
        'networkPolicy.egress.redis.ports': [6379],
        'redis.url': 'redis://:p:1@a,redis://b:6379',
        'redis.mode': 'sentinel',
      },
    ],
    'redis.url uses port 26379, which',
  ],
  [
    'a policy against one of several addresses',
    [{ 'networkPolicy.enabled': true, 'mongodb.url': 'mongodb://u:1@a:27018,b/x?readPreferenceTags=dc:1,rack:2' }],
    'mongodb.url uses port 27018, which networkPolicy.egress.mongodb.ports does not allow',
  ],
  ['a URL that is none', ['config.publicUrl=attendance.example.edu'], 'write a whole URL, beginning with https:// or'],
  ['an origin with a path', [{ 'config.corsOrigins': ['https://a.example/x'] }], 'write exact origins such as'],
  ['headers without traces', ['tracing.existingSecret=x'], 'tracing.endpoint is not: set where traces go'],
  ['retention that is only on', ['config.retentionDays=true'], 'write a number of days, or off'],
];

describeWithHelm('wrong values of the chart', (helm) => {
  test.each(BY_SCHEMA)('%s', (_, values, says) => {
    const said = refusal(helm, ...valueArgs(values));
    for (const text of says) expect(said).toMatch(text);
  });

  test.each(BY_CHART)('%s', (_, values, says) => {
    const said = refusal(helm, ...valueArgs(...values));
    expect(said).toContain('These values cannot work:');
    expect(said).toContain(says);
  });

  test('all that is wrong is said at once', () => {
    const said = refusal(helm, ...valueArgs(STORES, 'redis.mode=sentinel', 'drain.marginSeconds=90'));
    expect(said.match(/^ {2}- /gm)).toHaveLength(3);
  });

  test('a URL that may hold a password is not shown', () => {
    const said = refusal(helm, ...valueArgs('redis.url=http://:hunter2@redis,mongodb.url=postgres://u:hunter2@db'));
    expect(said).toContain('redis.url must begin with redis:// or rediss://');
    expect(said).toContain('mongodb.url must begin with mongodb:// or mongodb+srv://');
    expect(said).not.toContain('hunter2');
  });
});
