package cluster

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/squall-dev/squall/examples/kubernetes-lab/node"
)

// identity is a certificate of the cluster: who somebody is, by which the API server
// knows what he may do.
type identity struct {
	file         string // name without ending
	name         string
	organization string
	serves       bool // other programs connect to it
	kubeconfig   bool
}

// admins is the group that may do everything.
const admins = "system:masters"

func identities() []identity {
	return []identity{
		{file: "apiserver", name: "kube-apiserver", serves: true},
		{file: "apiserver-kubelet", name: "kube-apiserver-kubelet", organization: admins},
		{file: "admin", name: "lab-admin", organization: admins, kubeconfig: true},
		// One identity for all controllers: with an account for each, the controllers
		// take seconds longer to start.
		{file: "controllers", name: "lab-controllers", organization: admins, kubeconfig: true},
		{file: "scheduler", name: "system:kube-scheduler", kubeconfig: true},
		{file: "node", name: "system:node:" + node.Name, organization: "system:nodes", serves: true, kubeconfig: true},
	}
}

// authority signs certificates.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  crypto.Signer
}

// issue writes every key, certificate and kubeconfig of the cluster into a folder.
func issue(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("issue certificates: %w", err)
	}
	a, err := newAuthority(dir)
	if err != nil {
		return fmt.Errorf("issue certificates: %w", err)
	}
	for _, who := range identities() {
		if err := a.issue(who); err != nil {
			return fmt.Errorf("issue the certificate of %s: %w", who.file, err)
		}
	}
	accounts, err := rsa.GenerateKey(rand.Reader, 2048) // signs the tokens of ServiceAccounts
	if err != nil {
		return fmt.Errorf("make the key of service accounts: %w", err)
	}
	return writeKey(filepath.Join(dir, "accounts.key"), accounts)
}

func newAuthority(dir string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := lasting(pkix.Name{CommonName: "squall-lab"})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{dir: dir, cert: cert, key: key}, writePEM(filepath.Join(dir, "ca.crt"), "CERTIFICATE", der)
}

func (a *authority) issue(who identity) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	subject := pkix.Name{CommonName: who.name}
	if who.organization != "" {
		subject.Organization = []string{who.organization}
	}
	template := lasting(subject)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if who.serves {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
		template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.ParseIP(node.Address), net.ParseIP(node.ServiceAddress)}
		template.DNSNames = []string{"localhost", node.Name, "kubernetes.default.svc"}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return err
	}
	base := filepath.Join(a.dir, who.file)
	if err := writePEM(base+".crt", "CERTIFICATE", der); err != nil {
		return err
	}
	if err := writeKey(base+".key", key); err != nil || !who.kubeconfig {
		return err
	}
	return os.WriteFile(base+".kubeconfig", a.kubeconfig(base), 0o600)
}

func (a *authority) kubeconfig(base string) []byte {
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: lab
contexts: [{name: lab, context: {cluster: lab, user: lab}}]
clusters: [{name: lab, cluster: {server: "https://%s", certificate-authority: %q}}]
users: [{name: lab, user: {client-certificate: %q, client-key: %q}}]
`, node.ServiceAddress, filepath.Join(a.dir, "ca.crt"), base+".crt", base+".key")
}

// lasting is valid for longer than any lab.
func lasting(subject pkix.Name) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100)) // never fails since Go 1.24
	return &x509.Certificate{
		SerialNumber: serial, Subject: subject,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}
}

func writeKey(file string, key crypto.Signer) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(file, "PRIVATE KEY", der)
}

func writePEM(file, kind string, der []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
