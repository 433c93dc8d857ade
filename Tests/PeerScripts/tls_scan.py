"""Looks with sslyze at what TLS a server speaks, and prints one line for each thing.

tls_scan.py PORT NAME CA
"""

import sys

from sslyze import Scanner, ServerNetworkConfiguration, ServerNetworkLocation, ServerScanRequest
from sslyze import ScanCommand

port, name, authority = int(sys.argv[1]), sys.argv[2], sys.argv[3]
place = ServerNetworkLocation(hostname=name, ip_address="127.0.0.1", port=port)
scanner = Scanner()
scanner.queue_scans(
    [
        ServerScanRequest(
            server_location=place,
            network_configuration=ServerNetworkConfiguration(tls_server_name_indication=name),
            scan_commands={
                ScanCommand.SSL_2_0_CIPHER_SUITES,
                ScanCommand.SSL_3_0_CIPHER_SUITES,
                ScanCommand.TLS_1_0_CIPHER_SUITES,
                ScanCommand.TLS_1_1_CIPHER_SUITES,
                ScanCommand.TLS_1_2_CIPHER_SUITES,
                ScanCommand.TLS_1_3_CIPHER_SUITES,
                ScanCommand.TLS_COMPRESSION,
                ScanCommand.TLS_FALLBACK_SCSV,
                ScanCommand.HEARTBLEED,
                ScanCommand.ROBOT,
                ScanCommand.OPENSSL_CCS_INJECTION,
                ScanCommand.SESSION_RENEGOTIATION,
                ScanCommand.ELLIPTIC_CURVES,
            },
        )
    ]
)
for result in scanner.get_results():
    if result.scan_result is None:
        print("no connection", result.connectivity_error_trace)
        sys.exit(1)
    scan = result.scan_result
    for version in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2", "tls_1_3"):
        suites = getattr(scan, version + "_cipher_suites").result.accepted_cipher_suites
        for suite in suites:
            print(version, suite.cipher_suite.name)
    print("compression", scan.tls_compression.result.supports_compression)
    print("fallback", scan.tls_fallback_scsv.result.supports_fallback_scsv)
    print("heartbleed", scan.heartbleed.result.is_vulnerable_to_heartbleed)
    print("robot", scan.robot.result.robot_result.name)
    print("ccs", scan.openssl_ccs_injection.result.is_vulnerable_to_ccs_injection)
    print("renegotiation", scan.session_renegotiation.result.is_vulnerable_to_client_renegotiation_dos)
    for curve in scan.elliptic_curves.result.supported_curves or []:
        print("curve", curve.name)
