import GRDB
import Registry
import ServerKit

extension StoreError {
    /// What an error of SQLite, of GRDB or of a closure means to callers, with what was being done.
    init(from error: any Error, _ doing: String) {
        switch error {
        case let error as StoreError:
            self.init(error.kind, "\(doing): \(error.description)")
        case let refusal as PolicyRefusal:
            self.init(.refused, doing, cause: refusal)
        case let error as DatabaseError:
            if Self.kind(of: error) == .unavailable { DatabaseMetrics.wasBusy() }
            // The message names columns and constraints, never values.
            self.init(
                Self.kind(of: error), "\(doing): \(error.message ?? "SQLite error") (\(error.resultCode))")
        case is CancellationError:
            self.init(.unavailable, "\(doing): cancelled")
        default:
            self.init(.failed, doing, cause: error)
        }
    }

    static func kind(of error: DatabaseError) -> Kind {
        switch (error.resultCode, error.extendedResultCode) {
        case (.SQLITE_FULL, _), (_, .SQLITE_IOERR_SHMSIZE): .full
        case (.SQLITE_BUSY, _), (.SQLITE_LOCKED, _), (.SQLITE_NOMEM, _), (.SQLITE_INTERRUPT, _): .unavailable
        case (.SQLITE_CORRUPT, _), (.SQLITE_NOTADB, _): .damaged
        case (.SQLITE_CONSTRAINT, .SQLITE_CONSTRAINT_UNIQUE),
            (.SQLITE_CONSTRAINT, .SQLITE_CONSTRAINT_PRIMARYKEY),
            (.SQLITE_CONSTRAINT, .SQLITE_CONSTRAINT_ROWID):
            .conflict
        default: .failed
        }
    }
}
