/** Manifests for the tests. */

export const CLIENT = "3f5c0f6e-9a41-4f0e-8a5d-2b7c1e4d9a10";
export const ISSUER =
  "https://westeurope.oic.prod-aks.azure.com/11111111-2222-3333-4444-555555555555/66666666-7777-8888-9999-000000000000/";

/** A deployment and its service account. */
export function workload({ label = '"true"', client = CLIENT, annotations = "" } = {}): string {
  return `apiVersion: v1
kind: ServiceAccount
metadata:
  name: orders
  namespace: shop
  annotations:
    azure.workload.identity/client-id: ${client}
    azure.workload.identity/tenant-id: 72f988bf-86f1-41af-91ab-2d7cd011db47
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders
  namespace: shop
spec:
  selector:
    matchLabels:
      app: orders
  template:
    metadata:
      labels:
        app: orders
        azure.workload.identity/use: ${label}
${annotations}    spec:
      serviceAccountName: orders
      containers:
      - name: orders
        image: registry.example.com/orders:1.2
      - name: mesh
        image: registry.example.com/mesh:1.2
`;
}

/** Two findings, both with a fix. */
export const WRONG = workload({
  label: '"True"',
  annotations: `      annotations:
        azure.workload.identity/skip_containers: mesh
`,
});

/** What \`az identity federated-credential list\` prints. */
export function credentials(subject = "system:serviceaccount:shop:orders"): string {
  const id =
    "/subscriptions/00000000-1111-2222-3333-444444444444/resourcegroups/shop/providers/Microsoft.ManagedIdentity/userAssignedIdentities/orders";
  const credential = {
    audiences: ["api://AzureADTokenExchange"],
    id: `${id}/federatedIdentityCredentials/orders`,
    issuer: ISSUER,
    name: "orders",
    resourceGroup: "shop",
    subject,
    type: "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
  };
  return JSON.stringify([credential], null, 2);
}
