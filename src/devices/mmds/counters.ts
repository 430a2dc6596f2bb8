/** What an interface counts of its guest's talk with the metadata service. */
export interface MmdsCounters {
  /** Frames of the guest's that were for the service, and those among them that made no sense. */
  mmdsRxFrames: number;
  mmdsRxErrors: number;
  /** Frames for the guest, and their bytes. */
  mmdsTxFrames: number;
  mmdsTxBytes: number;
  /** Requests answered, whatever with. */
  mmdsRequests: number;
  /** GETs without a token, or with one that is not good; only V2 refuses them. */
  mmdsNoToken: number;
  mmdsInvalidToken: number;
  /** TCP connections made, ended, and refused because there were too many. */
  mmdsConnectionsCreated: number;
  mmdsConnectionsDestroyed: number;
  mmdsConnectionsRefused: number;
}

export function newMmdsCounters(): MmdsCounters {
  return {
    mmdsRxFrames: 0,
    mmdsRxErrors: 0,
    mmdsTxFrames: 0,
    mmdsTxBytes: 0,
    mmdsRequests: 0,
    mmdsNoToken: 0,
    mmdsInvalidToken: 0,
    mmdsConnectionsCreated: 0,
    mmdsConnectionsDestroyed: 0,
    mmdsConnectionsRefused: 0,
  };
}
