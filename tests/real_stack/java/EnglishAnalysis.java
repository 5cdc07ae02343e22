import java.util.Map;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.en.EnglishPossessiveFilter;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;

/** The token filters of the full distribution that the project's mapping names, over the same Lucene classes. */
public final class EnglishAnalysis extends Plugin implements AnalysisPlugin {
    @Override
    public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        return Map.of(
            "asciifolding", (index, environment, name, settings) -> new AbstractTokenFilterFactory(name) {
                @Override
                public TokenStream create(TokenStream tokens) {
                    return new ASCIIFoldingFilter(tokens);
                }
            },
            "stemmer", (index, environment, name, settings) -> {
                String language = settings.get("language", "english");
                if (!language.equals("english") && !language.equals("possessive_english")) {
                    throw new IllegalArgumentException("this test server has no stemmer for " + language);
                }
                return new AbstractTokenFilterFactory(name) {
                    @Override
                    public TokenStream create(TokenStream tokens) {
                        return language.equals("english") ? new PorterStemFilter(tokens) : new EnglishPossessiveFilter(tokens);
                    }
                };
            }
        );
    }
}
