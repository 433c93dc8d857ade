/// `registry:` what the registry takes.
struct RegistrySettings: ConfigurationSection {
    var blobSizeMax = 1 << 40
    var manifestSizeMax = 4 << 20
    var uploadsPerAccountMax = 200
    var uploadLifetime = Duration.seconds(86_400)
    var tagsPerPushMax = 64
    var pageSizeMax = 10_000
    var diskReserve = 64 << 20
    var refusesOldClients = true
    var quotas: [QuotaSettings] = []
    var immutableTags: [ImmutableTagSettings] = []
    var retention: [RetentionSettings] = []
    var retentionInterval = Duration.seconds(86_400)

    static var keys: [Key<Self>] {
        [
            .value("blob_size_max", \.blobSizeMax, .size(1 << 20...16 << 40)),
            .value("manifest_size_max", \.manifestSizeMax, .size(64 << 10...4 << 20)),
            .value("uploads_per_account_max", \.uploadsPerAccountMax, .integer(1...10_000)),
            .value("upload_lifetime", \.uploadLifetime, .duration(.seconds(60) ... .seconds(30 * 86_400))),
            .value("tags_per_push_max", \.tagsPerPushMax, .integer(1...1000)),
            .value("disk_reserve", \.diskReserve, .size(0...1 << 40)),
            .value("page_size_max", \.pageSizeMax, .integer(10...100_000)),
            .value("refuse_old_clients", \.refusesOldClients, .flag),
            .sections("quotas", \.quotas),
            .sections("immutable_tags", \.immutableTags),
            .sections("retention", \.retention),
            .value(
                "retention_interval", \.retentionInterval,
                .duration(.seconds(60) ... .seconds(30 * 86_400))),
        ]
    }
}
