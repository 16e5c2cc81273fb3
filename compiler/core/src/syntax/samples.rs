//! Sources that the tests of this folder share.

/// A strategy with everything that the first ones need.
pub(super) const STRATEGY: &str = r##"/// Encrypted Channel via Asymmetric Cryptography across OS Platforms
strategy DET0543 {
    attack    "18.1"
    technique T1573.002
    tactic    command-and-control

    /// Address space that counts as inside. A lab that uses RFC 1918 as its outside overrides this.
    tunable NonPublicNetworks: list<cidr> = std::non_public_networks

    /// A process outside the allow list loads a crypto library, connects out, and the TLS session is abnormal
    analytic AN1496 on windows {
        sources {
            DC0016 "WinEventLog:Sysmon" "EventCode=7"     -> library_load
            DC0082 "WinEventLog:Sysmon" "EventCode=3, 22" -> network_connection, dns_query
        }

        /// Whitelist browsers, mail clients, or apps expected to use asymmetric crypto.
        mutable AllowedCryptoProcesses: list<glob> = [
            r"?:\Program Files*\Google\Chrome\Application\chrome.exe",
            r"?:\Program Files*\Mozilla Firefox\firefox.exe",
        ]
        /// Baseline CA list for validating abnormal certs.
        mutable CertificateAuthorityList: list<string> with len 1.. = ["Let's Encrypt", "DigiCert Inc"]
        /// Detection of incomplete or malformed handshakes.
        mutable HandshakeTimeout: duration in 1s..300s = 10s
        /// Time allowed between the load and the connection.
        tunable LoadToConnect: duration in 1s..1h = 5m

        event crypto_load = library_load where
            dll.name in std::crypto_libraries and not process.executable like AllowedCryptoProcesses

        event egress = network_connection where
            network.direction == "egress" and network.transport == "tcp"
            and not destination.ip in NonPublicNetworks

        event abnormal_tls = tls_session where
            tls::bad_certificate(CertificateAuthorityList) or tls::stalled_handshake(HandshakeTimeout)

        event bad_peer = tls_session where tls::bad_certificate(CertificateAuthorityList)
        event session  = tls_session

        detect abnormal_session {
            severity high
            pattern (crypto_load then egress within LoadToConnect by host.name, process.entity_id)
                    with abnormal_tls within 2m
                    by source.ip, source.port, destination.ip, destination.port
            entity  egress.host.name, egress.process.entity_id, destination.ip, destination.port
            suppress 24h
        }

        /// Most command-and-control sessions are resumed and show no certificate: remember the peer for a day.
        detect known_bad_peer {
            severity high
            pattern (crypto_load then egress within LoadToConnect by host.name, process.entity_id)
                    with (bad_peer then session within 24h by destination.ip, destination.port) within 2m
                    by egress.source.ip = session.source.ip, egress.source.port = session.source.port,
                       destination.ip, destination.port
            entity  egress.host.name, egress.process.entity_id, destination.ip, destination.port
            suppress 24h
        }

        /// Only where the target or the site's data can express neither of the above.
        detect candidate otherwise {
            severity low
            pattern crypto_load then egress within LoadToConnect by host.name, process.entity_id
            entity  host.name, process.entity_id
            suppress 24h
        }
    }
}
"##;

/// A file with every other form of the language.
pub(super) const EVERYTHING: &str = r##"/// Conditions on TLS sessions.
module tls

// Classes come first.
/// One TLS session, as a sensor on the network saw it.
class tls_session {
    /// When it began.
    @timestamp: datetime
    source.ip: ip, source.port: port
    destination.ip: ip
    /// What is known of the certificate.
    tls.visibility: enum(seen|resumed|not-seen)   // not every sensor says

    tls.server.names: list<string>
}

let weak_days: duration = 1d12h
let ratio = -1.5 * (2 + 3) / 4 - 1
let folders = [r"?:\Temp\*", r#"?:\say "x"\*"#, "tab\there \u{e9}",]
let web: ports = [80, 443 "HTTPS", 8000..8010 "dev"]

tunable Policy: record {
    /// How long a certificate may be valid.
    max_validity_days: int in 1..3650 = 398,
    names: list<string> with len ..10 = ["a"],
} = { max_validity_days: 90, names: [] }
mutable Temperature: float in -1.5..  = 0.5
mutable Everything: list<list<int>> = []

predicate bad_certificate(authorities: list<string>, policy: string) on tls_session =
    missing tls.server.issuer or exists tls.server.subject and not tls.server.issuer cased in authorities
    or tls.server.subject matches nocase r"^CN=\d+$" or cased_name cased startswith "x" or not not seen

strategy DET0001 {
    technique T1110.003, T1110
    reference "https://example.org/a//b"
    author "A. Name", "B. Name"
    analytic AN1 on linux {
        event login = auth where event.outcome == "success" and -event.duration < 5m
        event again = login
        event failed = auth where event.outcome == "failure"

        detect new_region {
            id "b3b1c2f0-0000-4000-8000-000000000001"
            severity medium
            pattern login not preceded by login within 14d by user.name, cloud.region
            entity user.name
            suppress 1h30m
            accept approximate on elastic, sentinel/corelight-v2 "windows are clock-aligned there"
            falsepositive "Travel"
        }
        detect spray {
            pattern failed grouped by source.ip over 10m having distinct(user.name) > 20 and
                sum(event.count) as attempts >= 2 * count() and max(network.bytes) - min(network.bytes) > 1_000
        }
        detect quiet otherwise { pattern (login with again within 5m by user.name) not followed by failed by
            login.user.name = failed.user.name within 1m entity login.user.name }
        detect single { pattern login }
    }
}
"##;
