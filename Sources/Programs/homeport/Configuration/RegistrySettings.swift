/// `registry:` what the registry takes and allows.
struct RegistrySettings: ConfigurationSection {
    var manifestSizeMax = 4 << 20
    var blobSizeMax = 64 << 30
    var uploadsPerAccountMax = 100
    var uploadIdleTime = Duration.seconds(86_400)
    var allowsDelete = true

    static var keys: [Key<Self>] {
        [
            .value("manifest_size_max", \.manifestSizeMax, .size(64 << 10...64 << 20)),
            .value("blob_size_max", \.blobSizeMax, .size(1 << 20...16 << 40)),
            .value("uploads_per_account_max", \.uploadsPerAccountMax, .integer(1...10_000)),
            .value("upload_idle_time", \.uploadIdleTime, .duration(.seconds(60) ... .seconds(2_592_000))),
            .value("delete", \.allowsDelete, .flag),
        ]
    }
}
