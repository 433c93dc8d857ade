import Access
import Logging
import OCI

/// How many bytes still fit into a repository, by the quota that leaves least.
struct Room {
    /// Nil when no quota counts the repository.
    let tightest: QuotaUse?

    var bytes: Int64 { tightest?.room ?? .max }

    /// Throws when so many bytes more do not fit.
    func require(_ bytes: Int64) throws {
        if let refusal = tightest?.refusal(of: bytes) { throw refusal }
    }
}

/// Looking ahead, so that nobody sends what would be refused in the end. What counts is decided in the store.
extension Registry {
    func room(in repository: RepositoryName) async throws -> Room {
        let uses = try await uses(of: policy.conditions(for: repository).quotas)
        return Room(tightest: uses.min { $0.room < $1.room })
    }

    private func uses(of quotas: [Quota]) async throws -> [QuotaUse] {
        var uses: [QuotaUse] = []
        for quota in quotas {
            uses.append(QuotaUse(quota: quota, used: try await links.used(by: quota.repositories)))
        }
        return uses
    }

    /// Writes to the log which quotas on trial would have refused what has just been stored.
    func tryQuotas(_ repository: RepositoryName) async throws {
        for use in try await uses(of: policy.trials(for: repository).quotas)
        where use.used > use.quota.limit {
            Logger.current.warning(
                "a quota on trial would have refused this",
                metadata: [
                    "repository": "\(repository)", "quota": "\(use.quota.repositories.text)",
                    "used": "\(use.used)", "limit": "\(use.quota.limit)",
                ])
        }
    }

    /// Writes to the log which of these tags a rule on trial would have kept from moving to `digest`. To be
    /// called before they move.
    func tryPins(_ tags: [Tag], to digest: Digest, in repository: RepositoryName) async throws {
        let trials = policy.trials(for: repository)
        for tag in tags where trials.pins(tag) {
            guard let before = try await manifests.digest(of: tag, in: repository), before != digest else {
                continue
            }
            Logger.current.warning(
                "an immutable tag on trial would have refused this",
                metadata: ["repository": "\(repository)", "tag": "\(tag)", "from": "\(before)"])
        }
    }
}
