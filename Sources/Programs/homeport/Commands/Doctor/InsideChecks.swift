internal import Accounts
internal import CLinux
internal import FileBlobs
internal import FoundationEssentials
internal import Glibc
internal import MongoStore
internal import ServerKit
internal import TLSKit

/// What a look at the machine itself shows.
struct InsideChecks: Sendable {
    let loaded: LoadedConfiguration
    let now: Date

    private var values: Configuration { loaded.values }
    private var folder: DataFolder { DataFolder(values.data) }

    private static let backupAgeMax: TimeInterval = 8 * 86_400

    func run() async -> [Finding] {
        var findings = [
            Finding.fine(
                "configuration", loaded.file.map { "\($0) is right" } ?? "there is none, which is right")
        ]
        findings.append(clock)
        findings += files
        guard folder.hasStore else {
            findings.append(
                .wrong(
                    "data", "there is none in \(folder.path)",
                    cure: "start `homeport serve` once, or say where it lies with --data or --config"))
            return findings
        }
        findings += data + [disk, backup, server]
        if let mongo = await mongo { findings.append(mongo) }
        if let bucket = await bucket { findings.append(bucket) }
        return findings
    }

    private var data: [Finding] {
        guard access(folder.path, R_OK | W_OK) == 0, access(folder.database, R_OK | W_OK) == 0 else {
            return [
                .wrong(
                    "data", "\(folder.path) cannot be read and written by this user",
                    cure: "run this as the user of the server: sudo -u homeport")
            ]
        }
        guard !DataFiles.isOpenToOthers(folder.path) else {
            return [
                .wrong(
                    "data", "others than its owner may look into \(folder.path), which holds secrets",
                    cure: "chmod 700 \(folder.path)")
            ]
        }
        return [.fine("data", "\(folder.path) is there, for its owner alone")]
    }

    private var disk: Finding {
        guard let disk = DiskSpace(of: folder.path) else {
            return .noted(
                "disk", "the file system does not say how much is free", cure: "watch it another way")
        }
        let share = disk.size > 0 ? disk.free * 100 / disk.size : 100
        let says = "\(SizeText.rounded(disk.free)) of \(SizeText.rounded(disk.size)) are free"
        guard disk.free >= values.limits.diskFreeMin else {
            return .wrong(
                "disk", says + ", less than limits.disk_free_min",
                cure: "remove what is not needed and call `homeport gc`, or use a larger disk")
        }
        guard share >= 10 else {
            return .noted("disk", says, cure: "retention, quotas and `homeport gc` keep room free")
        }
        return .fine("disk", says)
    }

    private var clock: Finding {
        switch homeport_clock_is_kept() {
        case 1: return .fine("clock", "it is kept right")
        case 0:
            return .noted(
                "clock", "nobody keeps it right: \(DateText.show(now)) is what it shows",
                cure: "install systemd-timesyncd or chrony: tokens and certificates have their times")
        default:
            return .noted("clock", "the system does not say whether it is right", cure: "see that NTP runs")
        }
    }

    /// Certificates that lie in files of somebody else's.
    private var files: [Finding] {
        values.tls.certificates.map { certificate in
            do throws(CertificateFileError) {
                let pair = try certificate.files.read(now: now)
                if certificate.files.keyIsOpenToAll {
                    return .wrong(
                        "certificate", "everybody may read \(certificate.key)",
                        cure: "chmod o-r \(certificate.key)")
                }
                let says = "\(certificate.certificate) ends on \(DateText.show(pair.ends))"
                guard pair.ends.timeIntervalSince(now) > Double(values.tls.expiryWarning.components.seconds)
                else {
                    return .noted("certificate", says, cure: "renew it, and see why nobody has")
                }
                return .fine("certificate", says)
            } catch {
                return .wrong(
                    "certificate", error.description, cure: "name files that are right in tls.certificates")
            }
        }
    }

    private var backup: Finding {
        let cure =
            "`homeport backup FOLDER` makes one, homeport-backup.timer one every night; see docs/backup.md"
        guard let last = LastBackup.read(in: folder.path) else {
            return .noted("backup", "there is none that this data knows of", cure: cure)
        }
        let age = max(0, now.timeIntervalSince(last.at))
        let words = age < 172_800 ? "\(Int(age / 3600)) hours" : "\(Int(age / 86_400)) days"
        let says = "the last one is \(words) old, in \(last.place)"
        guard last.damaged.isEmpty else {
            return .wrong(
                "backup", says + ", and lacks \(last.damaged.count) damaged blobs",
                cure: "`homeport verify` says what to do")
        }
        guard age < Self.backupAgeMax else { return .noted("backup", says, cure: cure) }
        return .fine("backup", says)
    }

    /// Where accounts are kept, unless it is in the data.
    private var mongo: Finding? {
        get async {
            guard values.mongodb.isNamed else { return nil }
            let problem: String?
            do {
                let moment = now
                problem = try await MongoStore(values.mongodb.settings, now: { moment }).problem()
            } catch {
                problem = "\(error)"
            }
            guard let problem else { return .fine("mongodb", "\(values.mongodb.words) answers") }
            return .wrong(
                "mongodb", "\(values.mongodb.words) cannot be asked: \(problem)",
                cure:
                    "see that it runs, that this machine reaches it, and what `mongodb` says in the configuration"
            )
        }
    }

    /// Where blobs are kept, unless it is in the data.
    private var bucket: Finding? {
        get async {
            guard let problem = await S3Trouble.of(values, now: now) else { return nil }
            guard let words = problem.words else { return .fine("s3", "the \(values.s3.words) answers") }
            return .wrong(
                "s3", words,
                cure: "see that this machine reaches it, that the bucket is there, and what `s3` says in the "
                    + "configuration")
        }
    }

    private var server: Finding {
        folder.isServed
            ? .fine("server", "one serves \(folder.path)")
            : .wrong(
                "server", "none serves \(folder.path)",
                cure:
                    "systemctl start homeport, or `homeport serve`; `journalctl -u homeport` says why it ended"
            )
    }
}
